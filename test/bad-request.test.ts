/** Requests no client should send, through the whole: each is answered, none reaches a Func. */
import assert from 'node:assert/strict';
import { get } from 'node:http';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { deploy, nodeBundle } from './fixture/bundle.ts';
import { ask, problemOf, talk, verdict } from './fixture/client.ts';
import { until } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';

const code = `
import { setTimeout as sleep } from 'node:timers/promises';
export const get = (_, { log }) => (log.info('ran'), { fine: true });
export const post = (data, { log }) => (log.info('ran'), { got: data });
export const raw = (data) => ({ bytes: data.length });
export const slow = (_, { params, signal }) => sleep(params.query.ms, true, { signal });
`;
const schema = {
  type: 'object',
  required: ['n'],
  properties: { n: { type: 'integer' } },
};
const query = [{ name: 'ms', in: 'query', schema: { type: 'integer', default: 0 } }];
const timeout = { timeout: '500ms' };

const stage = new Stage();
let server: Server;
let door: URL;

before(async () => {
  server = await stage.serve({ flags: ['--body-max', '100Ki'] });
  door = new URL(server.door);
  const json = { content: { 'application/json': { schema } } };
  const operations = {
    'GET /': 'get',
    'POST /': { operationId: 'post', requestBody: { ...json, required: true } },
    'POST /raw': { operationId: 'raw', requestBody: { content: { 'application/x': {} } } },
    'GET /slow': { operationId: 'slow', parameters: query, 'x-funcatron': timeout },
  };
  await deploy(server, nodeBundle('b', code, { operations }));
  const slow = { operationId: 'slow', parameters: query };
  await deploy(
    server,
    nodeBundle('busy', code, {
      operations: {
        'GET /long': slow,
        'GET /brief': { operationId: 'get', 'x-funcatron': timeout },
      },
      settings: { concurrency: 1, instances: { max: 1 } },
    }),
  );
});
after(() => stage.close());

/** What a gauge of a bundle says now; NaN while there is none. */
async function gauge(of: Server, name: string, bundle: string): Promise<number> {
  const { text } = await ask(`${of.tron}/metrics`);
  return Number(new RegExp(`^${name}\\{bundle="${bundle}"\\} (\\d+)$`, 'm').exec(text)?.[1]);
}

/** How often a Func has run: nothing refused may make it more. */
async function runs(): Promise<number> {
  const { text } = await ask(`${server.tron}/metrics`);
  return Number(/^funcatron_func_seconds_count\{bundle="b"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

test('what is no HTTP is answered 400 and runs nothing', async () => {
  const before = await runs();
  const host = `host: ${door.host}\r\n`;
  const post = `POST /b HTTP/1.1\r\n${host}content-type: application/json\r\n`;
  const cases = {
    rubbish: 'hello\r\n\r\n',
    TLS: Buffer.from('16030100a5010000a1', 'hex'),
    'HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'no host': 'GET /b HTTP/1.1\r\nconnection: close\r\n\r\n',
    'two hosts': `GET /b HTTP/1.1\r\n${host}host: other\r\nconnection: close\r\n\r\n`,
    'a NUL': `GET /b HTTP/1.1\r\n${host}a: b\0c\r\n\r\n`,
    'a space before the colon': `GET /b HTTP/1.1\r\n${host}a : b\r\n\r\n`,
    'a path with dots': `GET /b/../b HTTP/1.1\r\n${host}connection: close\r\n\r\n`,
    'a bad escape': `GET /b/%zz HTTP/1.1\r\n${host}connection: close\r\n\r\n`,
    'length and chunked': `${post}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    'two lengths': `${post}content-length: 3\r\ncontent-length: 4\r\n\r\n{}`,
    'a bad chunk': `${post}transfer-encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n`,
    CONNECT: `CONNECT b:80 HTTP/1.1\r\n${host}\r\n`,
  };
  for (const [name, sent] of Object.entries(cases)) {
    const answer = await talk(server.door, sent);
    assert.match(answer, /^HTTP\/1\.1 400 /, name);
    assert.match(answer, /"code":"bad_request"/, name);
  }
  assert.equal(await runs(), before);
});

test('a body that is no JSON says where it breaks', async () => {
  const headers = { 'content-type': 'application/json' };
  const malformed = [
    '{"n": 1,}',
    '{"n": 1',
    '{n: 1}',
    "{'n': 1}",
    'nope',
    '[',
    '{"n":1}x',
    '\ufeff{',
  ];
  for (const body of malformed) {
    const answer = await ask(`${server.door}/b`, { method: 'POST', headers, body });
    assert.equal(verdict(answer), '400 malformed_body contract', body);
  }
  const invalidText = Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]);
  const answer = await ask(`${server.door}/b`, { method: 'POST', headers, body: invalidText });
  assert.equal(verdict(answer), '400 malformed_body contract');
  const deep = '['.repeat(90_000);
  const nested = await ask(`${server.door}/b`, { method: 'POST', headers, body: deep });
  assert.equal(verdict(nested), '400 malformed_body contract');
});

test('a body that breaks the contract is refused, saying what and where', async () => {
  const wrong = await ask(`${server.door}/b`, { json: { n: 'many' } });
  assert.equal(verdict(wrong), '400 bad_body contract');
  assert.equal(problemOf(wrong).errors![0]!.at, '/n');
  const none = await ask(`${server.door}/b`, { method: 'POST' });
  assert.match(verdict(none), /^(400 bad_body|415 unsupported_media_type) contract$/);
  const other = await ask(`${server.door}/b`, {
    method: 'POST',
    body: 'n=1',
    headers: { 'content-type': 'text/plain' },
  });
  assert.equal(verdict(other), '415 unsupported_media_type contract');
});

test('a body over --body-max is refused, declared or in chunks, before it is all read', async () => {
  const limit = 100 * 1024;
  const headers = { 'content-type': 'application/x' };
  const fits = await ask(`${server.door}/b/raw`, {
    method: 'POST',
    headers,
    body: 'x'.repeat(limit),
  });
  assert.equal(fits.text, `{"bytes":${limit}}`);
  const over = await ask(`${server.door}/b/raw`, {
    method: 'POST',
    headers,
    body: 'x'.repeat(limit + 1),
  });
  assert.equal(verdict(over), '413 body_too_large frontend');
  assert.match(problemOf(over).detail, /--body-max/);
  const head = `POST /b/raw HTTP/1.1\r\nhost: h\r\ncontent-type: application/x\r\n`;
  const declared = await talk(server.door, `${head}content-length: ${2 ** 40}\r\n\r\nx`);
  assert.match(declared, /^HTTP\/1\.1 413 [^]*--body-max/);
  const chunk = `8000\r\n${'x'.repeat(0x8000)}\r\n`;
  const chunked = await talk(
    server.door,
    `${head}transfer-encoding: chunked\r\n\r\n${chunk.repeat(8)}`,
  );
  assert.match(chunked, /^HTTP\/1\.1 413 [^]*--body-max/);
});

test('a call over its deadline is answered 504, and the code names the hop', async () => {
  const func = await ask(`${server.door}/b/slow?ms=5000`);
  assert.equal(verdict(func), '504 func_timeout func');
  const holder = get(`${server.door}/busy/long?ms=30000`, { agent: false });
  holder.on('error', () => undefined);
  await until(async () => (await gauge(server, 'funcatron_calls_in_hand', 'busy')) === 1);
  const waiting = await ask(`${server.door}/busy/brief`);
  assert.equal(verdict(waiting), '504 deadline_in_runner runner');
  holder.destroy();
  await until(async () => (await ask(`${server.door}/busy/brief`)).status === 200);
});

test('a call that waits in the queue past its deadline is told that it was there', async () => {
  const flags = ['--prefetch', '1', '--queue-max', '1'];
  const narrow = await stage.serve({ data: 'narrow', flags });
  const long = { operationId: 'slow', parameters: query };
  const brief = { operationId: 'get', 'x-funcatron': { timeout: '1500ms' } };
  const operations = { 'GET /long': long, 'GET /brief': brief };
  await deploy(narrow, nodeBundle('b', code, { operations }));
  const first = get(`${narrow.door}/b/long?ms=30000`, { agent: false });
  first.on('error', () => undefined);
  await until(async () => (await gauge(narrow, 'funcatron_calls_in_hand', 'b')) === 1);
  const second = ask(`${narrow.door}/b/brief`);
  await until(async () => (await gauge(narrow, 'funcatron_queue_depth', 'b')) === 1);
  assert.equal(verdict(await ask(`${narrow.door}/b/brief`)), '503 queue_full broker');
  assert.equal(verdict(await second), '504 deadline_in_queue broker');
  first.destroy();
  await until(async () => (await ask(`${narrow.door}/b/brief`)).status === 200);
});

test('whatever bytes come, the next request is answered', async () => {
  const piece = fc.oneof(
    fc.constantFrom('GET ', 'POST ', '/b', ' HTTP/1.1', '\r\n', '\r\n\r\n', '\n', ':', ' '),
    fc.constantFrom('host: h\r\n', 'content-length: 5\r\n', 'transfer-encoding: chunked\r\n'),
    fc.constantFrom('content-type: application/json\r\n', 'expect: 100-continue\r\n', '{"n":1}'),
    fc.constantFrom('connection: close\r\n', 'upgrade: websocket\r\n', '0\r\n\r\n', '5\r\n'),
    fc.string({ maxLength: 20 }),
    fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  );
  const bytes = fc
    .array(piece, { maxLength: 15 })
    .map((all) => Buffer.from(all.join(''), 'latin1'));
  await fc.assert(
    fc.asyncProperty(bytes, async (sent) => {
      const answers = await send(sent);
      for (const line of answers.match(/^HTTP\/1\.1 .*$/gm) ?? [])
        assert.match(line, /^HTTP\/1\.1 (1\d\d|2\d\d|4\d\d|501)/);
    }),
    { numRuns: 300 },
  );
  const answer = await ask(`${server.door}/b`);
  assert.deepEqual([answer.status, answer.text], [200, '{"fine":true}']);
  const faults = server.lines.filter(({ level }) => level === 'error' || level === 'raw');
  assert.deepEqual(faults, []);
});

/** Sends bytes, then says that no more come; gives back what was answered. */
function send(bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(door.port), door.hostname);
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
    socket.end(bytes);
  });
}
