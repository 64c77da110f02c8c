/** Bodies past a real broker, between a frontend and runners that are processes of their own. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { deploy, nodeBundle } from './fixture/bundle.ts';
import { ask, verdict } from './fixture/client.ts';
import { until } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';
import type { TestServer } from './server/server.ts';
import { startTestServer, whyNoServer } from './server/start.ts';
import type { BrokerScheme } from './server/start.ts';

const code = `
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export async function* echo(data) { for await (const chunk of data) yield chunk; }
export async function count(data) { let size = 0; for await (const { length } of data) size += length; return { size }; }
export const large = () => ({ text: 'x'.repeat(1_000_000) });
export async function* ticks(_, { log }) {
  try { for (let at = 0; ; at++) { yield 'tick ' + at; await sleep(20); } } finally { log.info('the reader left'); }
}
export async function hears(data, { log }) {
  try { for await (const _ of data); } catch { log.info('the sender left'); }
}
export const pid = () => process.pid;
export const refuses = () => { throw Object.assign(new Error('taken'), { status: 409 }); };
`;
const program = `
import { createServer } from 'node:http';
import { WebSocketServer } from ${JSON.stringify(import.meta.resolve('ws'))};
const server = createServer();
new WebSocketServer({ server }).on('connection', (client) => {
  client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
});
server.listen(Number(process.env.PORT), process.env.HOST);
`;
const octets = { 'content-type': 'application/octet-stream' };

/** Another broker for once: `CLUSTER_BROKER=redis node --test test/direct.test.ts`. */
const scheme = (process.env['CLUSTER_BROKER'] ?? 'nats') as BrokerScheme;

describe(`the direct path past ${scheme}`, { skip: whyNoServer(scheme) }, () => {
  const stage = new Stage();
  let broker: TestServer;
  let flags: string[];
  let tron: Server;
  let door: Server;
  let runner: Server;

  before(async () => {
    broker = await startTestServer(scheme);
    flags = ['--broker', broker.url];
    const tls = makeCertificate(stage.dir);
    tron = await stage.role('tron', flags);
    [door, runner] = await Promise.all([
      stage.role('frontend', [...flags, '--direct-tls-cert', tls.cert]),
      startRunner('r1'),
    ]);
    const direct = { 'x-funcatron': { direct: true } };
    const any = { responses: { default: { description: 'any' } } };
    const bytes = { requestBody: { content: { 'application/octet-stream': {} } }, ...any };
    const operation = (operationId: string, more = {}) => ({ operationId, ...any, ...more });
    await deploy(
      tron,
      nodeBundle('flow', code, {
        operations: {
          'POST /echo': operation('echo', { ...bytes, ...direct }),
          'POST /count': operation('count', { ...bytes, ...direct }),
          'POST /hears': operation('hears', { ...bytes, ...direct }),
          'POST /refuses': operation('refuses', { ...bytes, ...direct }),
          'GET /large': operation('large'),
          'GET /ticks': operation('ticks'),
          'GET /pid': operation('pid'),
        },
      }),
    );
    await deploy(tron, {
      name: 'chat',
      settings: { runtime: 'http', process: [process.execPath, 'program.mjs'] },
      operations: { 'GET /': operation('chat', direct) },
      files: { 'program.mjs': program },
    });
    await until(async () => (await ask(`${door.door}/flow/pid`)).status === 200);
  });
  after(async () => {
    await stage.close();
    await broker?.stop();
  });

  function startRunner(data: string): Promise<Server> {
    const { cert, key } = { cert: join(stage.dir, 'cert'), key: join(stage.dir, 'key') };
    const tls = ['--direct-tls-cert', cert, '--direct-tls-key', key];
    return stage.role('runner', [...flags, '--direct-host', '127.0.0.1', ...tls], data);
  }

  /** A call whose bodies are at hand. */
  async function open(path: string, method = 'GET') {
    const sent = request(door.door + path, { method, agent: false, headers: octets });
    const answered = once(sent, 'response').then(([answer]) => answer as IncomingMessage);
    answered.catch(() => undefined);
    if (method === 'GET') sent.end();
    return { sent, answered };
  }

  test('bodies flow both ways at the same time', async () => {
    const { sent, answered } = await open('/flow/echo', 'POST');
    sent.write('first');
    const answer = await answered;
    const chunks = answer[Symbol.asyncIterator]();
    assert.equal(String((await chunks.next()).value), 'first');
    sent.write('second');
    assert.equal(String((await chunks.next()).value), 'second');
    sent.end();
    assert.ok((await chunks.next()).done);
  });

  test('large answers that are whole stay so, and errors what they are', async () => {
    const large = await ask(`${door.door}/flow/large`);
    assert.equal(large.text.length, 1_000_000 + '{"text":""}'.length);
    const body = Buffer.alloc(1_000_000);
    const counted = await ask(`${door.door}/flow/count`, { method: 'POST', headers: octets, body });
    assert.equal(counted.text, '{"size":1000000}');
    const refused = await ask(`${door.door}/flow/refuses`, {
      method: 'POST',
      headers: octets,
      body,
    });
    assert.equal(refused.status, 409);
  });

  test('a client that leaves is told to the Func, whichever way bodies flow', async () => {
    const reading = await open('/flow/ticks');
    await once(await reading.answered, 'data');
    reading.sent.destroy();
    await runner.line(({ msg }) => msg === 'the reader left');
    const sending = await open('/flow/hears', 'POST');
    sending.sent.on('error', () => undefined);
    sending.sent.write('begun');
    await new Promise((resolve) => setTimeout(resolve, 100));
    sending.sent.destroy();
    await runner.line(({ msg }) => msg === 'the sender left');
    assert.equal((await ask(`${door.door}/flow/pid`)).status, 200);
  });

  test('WebSockets', async () => {
    const socket = new WebSocket(`${door.door.replace('http:', 'ws:')}/chat`);
    await once(socket, 'open');
    const big = Buffer.alloc(2 ** 20, 'big');
    for (const sent of ['hello', big]) {
      socket.send(sent);
      const [got] = (await once(socket, 'message')) as [Buffer];
      assert.ok(got.equals(Buffer.from(sent)));
    }
    socket.close(4000, 'bye');
    assert.deepEqual((await once(socket, 'close')).map(String), ['4000', 'bye']);
  });

  test('who has no certificate to trust is told of', async () => {
    const blind = await stage.role('frontend', flags, 'f2');
    await until(async () => (await ask(`${blind.door}/flow/pid`)).status === 200);
    const body = Buffer.alloc(1_000_000);
    const url = `${blind.door}/flow/count`;
    const failed = await ask(url, { method: 'POST', headers: octets, body });
    assert.equal(verdict(failed), '502 direct_failed runner');
  });

  test('a runner that dies breaks what flows through it, and another one serves', async () => {
    const { sent, answered } = await open('/flow/echo', 'POST');
    const upload = await open('/flow/count', 'POST');
    for (const one of [sent, upload.sent]) one.on('error', () => undefined).write('begun');
    const answer = await answered;
    const broken = assert.rejects(answer.toArray(), { code: 'ECONNRESET' });
    process.kill(runner.pid, 'SIGKILL');
    await broken;
    const failed = await upload.answered;
    assert.equal(failed.statusCode, 502);
    assert.match(String(await failed.toArray()), /"code":"(direct_failed|runner_lost)"/);
    await startRunner('r2');
    const body = Buffer.alloc(1_000_000);
    const url = `${door.door}/flow/count`;
    await until(async () => {
      const { text } = await ask(url, { method: 'POST', headers: octets, body });
      return text === '{"size":1000000}';
    });
  });
});

function makeCertificate(folder: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, 'cert'), join(folder, 'key')];
  const kind = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=runner';
  execFileSync('openssl', ['req', ...kind.split(' '), '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  return { cert, key };
}
