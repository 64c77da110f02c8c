/** Answers in chunks, through the whole: bounded like any other call, and nobody's burden. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { after, before, test } from 'node:test';
import { deploy, enable, nodeBundle } from './fixture/bundle.ts';
import type { Bundle } from './fixture/bundle.ts';
import { ask, verdict } from './fixture/client.ts';
import { until } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';

const code = `
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const never = () => new Promise(() => {});
export async function* stalls() { yield 'begun'; await never(); }
export async function* ticks() { for (let at = 0; at < 8; at++) { await sleep(200); yield 'tick ' + at + ' '; } }
export async function* goesOn(_, { log }) {
  try { for (;;) { yield 'x'; await sleep(20); } } finally { log.info('the stream was left'); }
}
export async function* pours(_, { log }) {
  for (let at = 0; at < 40; at++) yield 'x'.repeat(100_000);
  log.info('poured out');
}
export async function counts(data, { signal, log }) {
  let size = 0;
  try { for await (const chunk of data) size += chunk.length; } catch (error) {
    log.info(error.message, { aborted: signal.aborted });
    throw error;
  }
  return { size };
}
export async function stops(data) { for await (const _ of data) await never(); }
export async function dies(data) { for await (const _ of data) process.exit(3); }
export async function first(data) { for await (const chunk of data) return { first: chunk.length }; }
`;
/** What takes its request as it comes. */
const direct = ['POST /counts', 'POST /stops', 'PUT /dies', 'POST /first'];
const stage = new Stage();
let server: Server;
let bundle: Bundle;

before(async () => {
  server = await stage.serve();
  const names = [...code.matchAll(/export (?:const|async function\*) (\w+)/g)].map(([, n]) => n!);
  bundle = await deploy(
    server,
    nodeBundle('flow', code, {
      operations: {
        ...Object.fromEntries(names.map((name) => [`GET /${name}`, name])),
        ...Object.fromEntries(
          direct.map((key) => [
            key,
            {
              operationId: key.split('/')[1],
              'x-funcatron': { direct: true },
              requestBody: { content: { '*/*': {} } },
              responses: { default: { description: 'any' } },
            },
          ]),
        ),
      },
      settings: { timeout: '1s', concurrency: 2, instances: { max: 1 } },
    }),
  );
});
after(() => stage.close());

/** A request whose body is sent by hand. */
function send(name: string, method = 'POST') {
  const headers = { 'content-type': 'text/plain' };
  const sent = request(`${server.door}/flow/${name}`, { method, agent: false, headers });
  sent.on('error', () => undefined);
  const answer = once(sent, 'response').then(async ([response]) => {
    const chunks = (await (response as IncomingMessage).toArray()) as Buffer[];
    const { statusCode, headers: got } = response as IncomingMessage;
    return { status: statusCode!, headers: got, text: Buffer.concat(chunks).toString() };
  });
  answer.catch(() => undefined);
  return { sent, answer };
}

async function open(name: string, place = 'flow'): Promise<IncomingMessage> {
  const [answer] = await once(get(`${server.door}/${place}/${name}`, { agent: false }), 'response');
  return answer as IncomingMessage;
}

test('a stream that stalls is broken off after the timeout', async () => {
  await assert.rejects(ask(`${server.door}/flow/stalls`), { code: 'ECONNRESET' });
  const line = await server.line(({ msg }) => msg === 'the response broke off');
  assert.equal((line.err as { code: string }).code, 'func_timeout');
});

test('a stream may last longer than the timeout as long as it goes on', async () => {
  const { text } = await ask(`${server.door}/flow/ticks`);
  assert.equal(text.split(' ').length, 17);
});

test('a call of the bundle that is late costs its streams nothing', async () => {
  const stream = await open('goesOn');
  let received = 0;
  stream.on('data', (chunk: Buffer) => (received += chunk.length));
  const broken = once(stream, 'close').then(() => 'broken');
  for (let at = 0; at < 3; at++)
    assert.equal(verdict(await ask(`${server.door}/flow/never`)), '504 func_timeout func');
  await until(() => server.lines.some(({ msg }) => /worker retired/.test(msg)));
  const seen = received;
  await until(() => received > seen + 20);
  stream.destroy();
  assert.equal(await broken, 'broken');
});

test('a caller that leaves in the middle of a stream ends it', async () => {
  const stream = await open('goesOn');
  stream.destroy();
  await server.line(({ msg }) => msg === 'the stream was left');
});

test('a stream that is read takes one of the places of its bundle', async () => {
  const enabled = await enable(server, { sha: bundle.sha, basePath: '/places' });
  assert.equal(enabled.status, 200, enabled.text);
  const streams = await Promise.all([open('goesOn', 'places'), open('goesOn', 'places')]);
  for (const stream of streams) stream.on('error', () => undefined).resume();
  const third = await ask(`${server.door}/places/goesOn`);
  assert.equal(verdict(third), '504 deadline_in_runner runner');
  for (const stream of streams) stream.destroy();
  const fourth = await open('goesOn', 'places');
  assert.equal(fourth.statusCode, 200);
  fourth.destroy();
});

test('an asynchronous call whose answer is a stream runs to the end of it', async () => {
  const headers = { prefer: 'respond-async' };
  const { status, text } = await ask(`${server.door}/flow/pours`, { headers });
  assert.equal(status, 202);
  const { id } = JSON.parse(text) as { id: string };
  const { requestId } = await server.line(({ msg }) => msg === 'poured out');
  assert.equal(requestId, id);
});

test('a client that is slow to send costs the Func no time', async () => {
  const { sent, answer } = send('counts');
  for (let at = 0; at < 7; at++) {
    sent.write('x');
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  sent.end();
  assert.equal((await answer).text, '{"size":7}');
});

test('a Func that reads no further is late', async () => {
  const { sent, answer } = send('stops');
  sent.end(Buffer.alloc(8 * 2 ** 20));
  assert.equal(verdict(await answer), '504 func_timeout func');
});

test('a client that leaves in the middle of its request breaks it, and nothing else', async () => {
  const { sent } = send('counts');
  sent.write('x');
  await new Promise((resolve) => setTimeout(resolve, 200));
  sent.destroy();
  await server.line(({ msg, aborted }) => /request body broke off/.test(msg) && aborted === true);
  const { sent: again, answer } = send('counts');
  again.end('xyz');
  assert.equal((await answer).text, '{"size":3}');
});

test('a call whose body has begun to flow is not run again', async () => {
  const { sent, answer } = send('dies', 'PUT');
  sent.end('x');
  assert.equal(verdict(await answer), '502 func_exited func');
});

test('a Func may answer before it has read everything', async () => {
  const { sent, answer } = send('first');
  sent.write('abc');
  assert.equal((await answer).text, '{"first":3}');
  sent.destroy();
});
