/** Bodies that the door passes on as they come. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { test } from 'node:test';
import type { FuncatronError } from '../errors.ts';
import type { Body, Call } from '../message.ts';
import { ask, problemOf, rawProblem, talk, Wire } from './fixture/client.ts';
import { answer, openDoor, reply } from './fixture/door.ts';

const octets = { content: { 'application/octet-stream': {} } };
const json = { content: { 'application/json': { schema: { type: 'array' } } } };
const direct = { 'x-funcatron': { direct: true } };
const paths = {
  '/direct': { post: { operationId: 'd', requestBody: octets, ...direct } },
  '/json': { post: { operationId: 'j', requestBody: json } },
  '/bytes': { post: { operationId: 'b', requestBody: octets } },
  '/directjson': { post: { operationId: 'dj', requestBody: json, ...direct } },
};
const options = { directOver: 1000, bodyMax: 100_000, directMax: 500_000, lingerMs: 50 };
const post = (path: string, headers = ''): string =>
  `POST ${path} HTTP/1.1\r\nhost: h\r\ncontent-type: application/octet-stream\r\n${headers}`;
const chunkOf = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

async function whole(body: Body): Promise<string> {
  if (body instanceof Uint8Array) return Buffer.from(body).toString();
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const isStream = ({ body }: Call): boolean => !(body instanceof Uint8Array);
const echo = async ({ body }: Call) => answer(await whole(body));
const read = async ({ body }: Call) => answer({ size: (await whole(body)).length });

test('a body goes as it comes where the operation says so, or bytes are many', async (t) => {
  const { port, calls } = await openDoor(t, { paths, options, handler: echo });
  const send = async (path: string, body: string, headers = {}): Promise<Call> => {
    const type = { 'content-type': 'application/octet-stream' };
    const got = await ask(port, path, { method: 'POST', headers: { ...type, ...headers }, body });
    assert.ok(got.text === body, got.text.slice(0, 300));
    return calls.at(-1)!;
  };
  const jsonType = { 'content-type': 'application/json' };
  const chunked = { 'transfer-encoding': 'chunked' };
  assert.ok(isStream(await send('/direct', 'x')));
  assert.ok(!isStream(await send('/bytes', 'x'.repeat(1000))));
  assert.ok(isStream(await send('/bytes', 'x'.repeat(1001))));
  assert.ok(!isStream(await send('/bytes', 'x'.repeat(1000), chunked)));
  const { head } = await send('/bytes', 'x'.repeat(20_000), chunked);
  assert.ok(isStream(calls.at(-1)!));
  assert.deepEqual([head.kind, head.headers['content-length']], ['binary', undefined]);
  assert.ok(!isStream(await send('/json', JSON.stringify('x'.repeat(2000).split('')), jsonType)));
  assert.ok(isStream(await send('/directjson', 'not even JSON', jsonType)));
  assert.equal(calls.at(-1)!.head.kind, 'binary');
});

test('the head of a streamed body is checked, and its size', async (t) => {
  const { port, calls } = await openDoor(t, { paths, options, handler: read });
  const headers = { 'content-type': 'text/plain' };
  for (const path of ['/direct', '/bytes', '/directjson']) {
    const body = 'x'.repeat(2000);
    assert.equal((await ask(port, path, { method: 'POST', headers, body })).status, 415);
  }
  for (const [path, size, option] of [
    ['/direct', 500_001, /500000 bytes \(--direct-max\)/],
    ['/bytes', 100_001, /100000 bytes \(--body-max\)/],
  ] as const) {
    const declared = await talk(port, post(path, `content-length: ${size}\r\n\r\n`));
    assert.match(rawProblem(declared).detail, option);
    const parts = Array.from({ length: Math.ceil(size / 50_000) + 1 }, () =>
      chunkOf('x'.repeat(50_000)),
    );
    const counted = await talk(port, post(path, 'transfer-encoding: chunked\r\n\r\n'), ...parts);
    assert.match(rawProblem(counted).detail, option);
  }
  assert.equal(calls.length, 2);
  const unbounded = { ...options, directMax: 0 };
  const other = await openDoor(t, { paths, options: unbounded, handler: read });
  const got = await ask(other.port, '/direct', {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: 'x'.repeat(600_000),
  });
  assert.equal(got.text, '{"size":600000}');
});

test('an asynchronous call has its body whole', async (t) => {
  const { port, calls } = await openDoor(t, { paths, options, handler: read, durable: true });
  const body = 'x'.repeat(2000);
  for (const path of ['/direct', '/bytes']) {
    const type = { 'content-type': 'application/octet-stream' };
    const headers = { ...type, prefer: 'respond-async' };
    const got = await ask(port, path, { method: 'POST', headers, body });
    assert.equal(got.status, 202, got.text);
  }
  while (calls.length < 2) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(calls.map(isStream), [false, false]);
});

test('request and answer flow at the same time', async (t) => {
  const handler = ({ body }: Call) => reply(body);
  const { port } = await openDoor(t, { paths, options, handler });
  const wire = await Wire.open(port);
  await wire.send(post('/direct', 'transfer-encoding: chunked\r\n\r\n'));
  for (const turn of ['one', 'two', 'three']) {
    await wire.send(chunkOf(turn));
    await wire.until(new RegExp(`\\r\\n${turn}\\r\\n`));
  }
  await wire.send('0\r\n\r\n');
  await wire.until(/\r\n0\r\n\r\n$/);
  // The connection serves on.
  await wire.send(post('/bytes', 'content-length: 2\r\n\r\nok'));
  await wire.until(/\r\n\r\nok$/);
  wire.close();
});

test('a body is read no faster than it is taken', async (t) => {
  const go = Promise.withResolvers<void>();
  const handler = async (call: Call) => {
    await go.promise;
    return read(call);
  };
  const many = { ...options, directMax: 0 };
  const { port } = await openDoor(t, { paths, options: many, handler });
  const headers = { 'content-type': 'application/octet-stream' };
  const sent = request({ port, path: '/direct', method: 'POST', headers, agent: false });
  const size = 64 * 2 ** 20;
  sent.end(Buffer.alloc(size));
  let before = -1;
  const left = (): number => sent.socket?.writableLength ?? size;
  while (left() !== before) {
    before = left();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.ok(left() > size / 2, `${size - left()} bytes were taken of a body that nobody reads`);
  go.resolve();
  const [response] = await once(sent, 'response');
  assert.equal(await whole(response as AsyncIterable<Uint8Array>), `{"size":${size}}`);
});

test('a client that leaves breaks its body', async (t) => {
  const seen = Promise.withResolvers<FuncatronError>();
  const handler = async ({ body, cancellation }: Call) => {
    const cancelled = new Promise<void>((resolve) => cancellation!.onCancel(resolve));
    await whole(body).catch(seen.resolve);
    await cancelled;
    return answer('late');
  };
  const { port } = await openDoor(t, { paths, options, handler });
  const wire = await Wire.open(port);
  await wire.send(post('/direct', 'content-length: 10\r\n\r\nabc'));
  wire.close();
  // As Node tells it: gone, or ended too early.
  assert.match((await seen.promise).code, /cancelled|bad_request/);
});

test('a client that stalls is answered 408, one that is slow is not', async (t) => {
  const slow = { ...options, stallTimeoutMs: 200, requestTimeoutMs: 200, headersTimeoutMs: 200 };
  const { port } = await openDoor(t, { paths, options: slow, handler: read });
  for (const path of ['/direct', '/bytes']) {
    const head = post(path, 'content-length: 2000\r\n\r\nabc');
    const problem = rawProblem(await talk(port, head));
    assert.deepEqual([problem.status, problem.code], [408, 'request_timeout'], path);
  }
  const wire = await Wire.open(port);
  await wire.send(post('/direct', 'content-length: 8\r\n\r\n'));
  for (let at = 0; at < 8; at++) {
    await new Promise((resolve) => setTimeout(resolve, 60));
    await wire.send('x');
  }
  await wire.until(/ 200 OK[^]*{"size":8}$/);
  wire.close();
});

test('a client that waits for our word gets it when its body is wanted', async (t) => {
  const handler = async (call: Call) =>
    call.head.query === 'early' ? answer('enough', 403) : read(call);
  const { port } = await openDoor(t, { paths, options, handler });
  const wire = await Wire.open(port);
  await wire.send(post('/direct', 'expect: 100-continue\r\ncontent-length: 3\r\n\r\n'));
  await wire.until(/^HTTP\/1.1 100 Continue\r\n\r\n$/);
  await wire.send('abc');
  await wire.until(/{"size":3}$/);
  wire.close();
  const head = post('/direct?early', 'expect: 100-continue\r\ncontent-length: 3\r\n\r\n');
  assert.match(await talk(port, head), /^HTTP\/1.1 403 [^]*connection: close[^]*enough$/i);
});

test('an early answer arrives, and what was not read ends the connection if it is much', async (t) => {
  const handler = ({ head, body }: Call) =>
    head.query === 'stream'
      ? reply(
          (async function* () {
            yield Buffer.from('ear');
            yield Buffer.from('ly');
          })(),
        )
      : head.query === 'part'
        ? readFirst(body)
        : answer('early');
  const { port } = await openDoor(t, { paths, options, handler });
  for (const query of ['', 'stream', 'part']) {
    const wire = await Wire.open(port);
    await wire.send(post(`/direct?${query}`, 'content-length: 10\r\n\r\nabc'));
    await wire.until(/early$|ear[^]*ly[^]*0\r\n\r\n$/);
    await wire.send(`defghij${post('/bytes', 'content-length: 1\r\n\r\nx')}`);
    await wire.until(/early[^]* 200 OK[^]*early$|0\r\n\r\n[^]* 200 OK[^]*early$/);
    wire.close();

    const long = await Wire.open(port);
    await long.send(post(`/direct?${query}`, 'content-length: 400000\r\n\r\nabc'));
    const text = await long.ended;
    assert.match(text, /early$|ear[^]*ly[^]*0\r\n\r\n$/);
  }
});

async function readFirst(body: Body) {
  for await (const _ of body as AsyncIterable<Uint8Array>) break;
  return answer('early');
}

test('a body that is no HTTP in the middle breaks, and is answered', async (t) => {
  const seen = Promise.withResolvers<FuncatronError>();
  const handler = async ({ body }: Call) => {
    await whole(body).catch(seen.resolve);
    return answer('late');
  };
  const { port } = await openDoor(t, { paths, options, handler });
  const wire = await Wire.open(port);
  await wire.send(post('/direct', `transfer-encoding: chunked\r\n\r\n${chunkOf('abc')}`));
  await wire.send('rubbish\r\n');
  assert.equal(rawProblem(await wire.ended).code, 'bad_request');
  assert.equal((await seen.promise).code, 'bad_request');
});

test('a WebSocket is for operations that are direct, and begins with a plain GET', async (t) => {
  const get = { get: { operationId: 'g' } };
  const open = { get: { operationId: 'o', ...direct } };
  const given = { paths: { '/plain': get, '/direct': open } };
  const { port, calls } = await openDoor(t, { ...given, handler: () => answer('in HTTP', 426) });
  const upgrade = 'connection: upgrade\r\nupgrade: WebSocket\r\n';
  const plain = rawProblem(await talk(port, `GET /plain HTTP/1.1\r\nhost: h\r\n${upgrade}\r\n`));
  assert.deepEqual([plain.status, plain.code], [501, 'upgrade_unsupported']);
  assert.match(plain.detail, /x-funcatron.direct: true/);
  const none = rawProblem(await talk(port, `GET /none HTTP/1.1\r\nhost: h\r\n${upgrade}\r\n`));
  assert.equal(none.status, 404);
  const body = `GET /direct HTTP/1.1\r\nhost: h\r\n${upgrade}content-length: 1\r\n\r\nx`;
  assert.equal(rawProblem(await talk(port, body)).code, 'bad_request');
  assert.equal(calls.length, 0);
  const refused = await talk(port, `GET /direct HTTP/1.1\r\nhost: h\r\n${upgrade}\r\n`);
  assert.match(refused, /^HTTP\/1.1 426 [^]*connection: close[^]*in HTTP$/i);
  assert.equal(calls[0]!.head.upgrade, 'websocket');
  // What is no WebSocket is answered in HTTP.
  const h2c = 'connection: upgrade, close\r\nupgrade: h2c\r\n';
  assert.match(await talk(port, `GET /plain HTTP/1.1\r\nhost: h\r\n${h2c}\r\n`), / 426 /);
  const { status } = await ask(port, '/plain');
  assert.equal(status, 426);
  assert.equal(problemOf(await ask(port, '/none')).code, 'not_found');
});

test('an upgraded connection carries bytes both ways, and ends with either side', async (t) => {
  const seen = Promise.withResolvers<string>();
  const handler = ({ body }: Call) => {
    async function* mirror(): AsyncGenerator<Uint8Array> {
      let text = '';
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        text += String(chunk);
        if (text.endsWith('end')) return;
        yield chunk;
      }
      seen.resolve(text);
      yield Buffer.from('bye');
    }
    return reply(mirror(), 101, { 'sec-websocket-accept': 'abc' });
  };
  const open = { get: { operationId: 'o', ...direct } };
  const idle = { websocketIdleMs: 100, stallTimeoutMs: 100 };
  const { port } = await openDoor(t, { paths: { '/': open }, handler, options: idle });
  const head = 'GET / HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';
  const wire = await Wire.open(port);
  await wire.send(`${head}first`);
  await wire.until(
    /^HTTP\/1.1 101 Switching Protocols\r\n[^]*sec-websocket-accept: abc\r\n[^]*upgrade: websocket\r\n[^]*\r\n\r\nfirst$/i,
  );
  await wire.send('second');
  await wire.until(/firstsecond$/);
  wire.socket.end();
  assert.match(await wire.ended, /firstsecondbye$/);
  assert.equal(await seen.promise, 'firstsecond');
  assert.match(await talk(port, head, 'the end'), /\r\n\r\n$/);
  // One that carries nothing.
  assert.match(await talk(port, head), /101/);
});
