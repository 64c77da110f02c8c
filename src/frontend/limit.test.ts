import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { FuncatronError } from '../errors.ts';
import { ask, problemOf, rawProblem, talk, Wire } from './fixture/client.ts';
import { openDoor, reply } from './fixture/door.ts';

const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nhost: h\r\n${headers}\r\n`;

test('a target over the limit is refused, naming the option', async (t) => {
  const { port } = await openDoor(t, { options: { uriMax: 100, headersMax: 500 } });
  assert.equal((await ask(port, `/?${'x'.repeat(98)}`)).status, 200);
  const long = await ask(port, `/?${'x'.repeat(99)}`);
  assert.equal(long.status, 414);
  assert.match(problemOf(long).detail, /101 characters of 100 \(--uri-max\)/);
});

test('headers over the limit are refused, naming the option', async (t) => {
  const { port, calls } = await openDoor(t, { options: { uriMax: 100, headersMax: 500 } });
  const counted = await ask(port, '/', { headers: { a: 'x'.repeat(500) } });
  assert.equal(counted.status, 431);
  assert.match(problemOf(counted).detail, /--headers-max/);
  const many = get('/', 'a: b\r\n'.repeat(90));
  assert.match(
    await talk(port, many.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n')),
    / 431 /,
  );
  const endless = rawProblem(await talk(port, get('/', `a: ${'x'.repeat(5000)}\r\n`)));
  assert.deepEqual([endless.status, endless.code], [431, 'headers_too_large']);
  assert.match(endless.detail, /--uri-max, --headers-max/);
  assert.equal(calls.length, 0);
});

test('many headers arrive, all of them', async (t) => {
  const { port, calls } = await openDoor(t, { options: { headersMax: 100_000 } });
  const headers = Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [`x-${at}`, '1']));
  assert.equal((await ask(port, '/', { headers })).status, 200);
  assert.equal(calls[0]!.head.headers['x-2999'], '1');
});

test('a client that is slow to send is answered 408 and left', async (t) => {
  const options = { headersTimeoutMs: 40, requestTimeoutMs: 80 };
  const paths = { '/': { get: { operationId: 'g' }, post: { operationId: 'p' } } };
  const { port, calls } = await openDoor(t, { paths, options });
  const slow = [
    'GET / HTTP/1.1\r\nho',
    'POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\nabc',
    'POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab',
  ];
  for (const sent of slow) {
    const problem = rawProblem(await talk(port, sent));
    assert.deepEqual([problem.status, problem.code], [408, 'request_timeout'], sent);
    assert.match(problem.detail, /--headers-timeout.*--request-timeout/);
  }
  assert.equal(calls.length, 0);
  // A connection that says nothing at all ends too.
  await talk(port);
});

test('an idle connection is kept for a while', async (t) => {
  const { port } = await openDoor(t, { options: { keepAliveMs: 30 } });
  const text = await talk(port, get('/'));
  assert.match(text, /^HTTP\/1.1 200 OK[^]*connection: keep-alive\r\n/i);
});

test('a client that takes nothing of its answer is left', async (t) => {
  const options = { stallTimeoutMs: 50 };
  const big = Buffer.alloc(64 * 2 ** 20, 'x');
  const { port, calls, metrics } = await openDoor(t, { options, handler: () => reply(big) });
  const open = () =>
    metrics.snapshot().find(({ name }) => name === 'funcatron_connections')!.samples[0]!.value;
  const wire = await Wire.open(port);
  wire.socket.pause();
  await wire.send(get('/'));
  while (calls.length === 0) await new Promise((resolve) => setImmediate(resolve));
  while (open() > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  wire.socket.resume();
  assert.ok((await wire.ended).length < big.length);
});

test('a slow Func is not taken for a slow client', async (t) => {
  const options = {
    stallTimeoutMs: 30,
    keepAliveMs: 30,
    headersTimeoutMs: 30,
    requestTimeoutMs: 30,
  };
  const { port } = await openDoor(t, {
    options,
    handler: async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      return reply(Buffer.from('late'));
    },
  });
  const wire = await Wire.open(port);
  await wire.send(get('/'));
  await wire.until(/late$/);
  wire.close();
});

test('connections over the limit are dropped, and counted', async (t) => {
  const { port, metrics } = await openDoor(t, { options: { connectionsMax: 1 } });
  const first = await Wire.open(port);
  await first.send(get('/'));
  await first.until(/ 200 OK/);
  assert.equal(await talk(port), '');
  first.close();
  const rejected = metrics.snapshot().find(({ name }) => name === 'funcatron_rejected_total');
  assert.deepEqual(
    rejected!.samples.map(({ labels }) => labels),
    [{ code: 'connections_max' }],
  );
});

test('pipelined requests are answered in order', async (t) => {
  const paths = {
    '/{n}': {
      get: {
        operationId: 'g',
        parameters: [{ name: 'n', in: 'path', required: true, schema: { type: 'integer' } }],
      },
    },
  };
  const { port } = await openDoor(t, {
    paths,
    handler: async ({ head }) => {
      const n = Number(head.params!.path.n);
      await new Promise((resolve) => setTimeout(resolve, 20 - n));
      return reply(Buffer.from(`<${n}>`));
    },
  });
  const wire = await Wire.open(port);
  await wire.send(Array.from({ length: 20 }, (_, n) => get(`/${n}`)).join(''));
  const text = await wire.until(/<19>/);
  wire.close();
  assert.deepEqual(
    text.match(/<\d+>/g),
    Array.from({ length: 20 }, (_, n) => `<${n}>`),
  );
});

test('a port in use, and an address of another machine, are told apart', async (t) => {
  const { port } = await openDoor(t);
  const other = await openDoor(t);
  await assert.rejects(other.frontend.listen({ port, host: '127.0.0.1' }));
  const third = await import('./frontend.ts');
  const { broker, log, metrics } = other;
  const parts = { broker, log, metrics, contracts: { get: () => other.contract } };
  const frontend = third.createFrontend(parts);
  await assert.rejects(
    frontend.listen({ port, host: '127.0.0.1' }),
    (error) =>
      error instanceof FuncatronError &&
      error.code === 'address_in_use' &&
      /--port/.test(error.message),
  );
  await assert.rejects(
    frontend.listen({ port: 0, host: '192.0.2.1' }),
    (error) => error instanceof FuncatronError && error.code === 'option_invalid',
  );
  await frontend.close();
});

test('a reset in the middle of an answer harms nobody else', async (t) => {
  const { port } = await openDoor(t, { handler: () => reply(Buffer.alloc(2 ** 20)) });
  for (let time = 0; time < 5; time++) {
    const wire = await Wire.open(port);
    await wire.send(get('/'));
    wire.socket.resetAndDestroy();
    await once(wire.socket, 'close');
  }
  assert.equal((await ask(port, '/')).status, 200);
});
