import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, Wire } from './fixture/client.ts';
import { hang, openDoor, reply } from './fixture/door.ts';

const get = (path = '/') => `GET ${path} HTTP/1.1\r\nhost: h\r\n\r\n`;

function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    open: resolve,
    handler: async () => {
      await promise;
      return reply(Buffer.from('done'));
    },
  };
}

async function untilCalls(calls: unknown[], count: number): Promise<void> {
  while (calls.length < count) await new Promise((resolve) => setImmediate(resolve));
}

test('closing finishes what is in flight and refuses what is new', async (t) => {
  const { open, handler } = gate();
  const { frontend, port, calls } = await openDoor(t, { handler });
  const [idle, busy] = [await Wire.open(port), await Wire.open(port)];
  await busy.send(get());
  await untilCalls(calls, 1);
  const closed = frontend.close();
  await idle.ended;
  await assert.rejects(Wire.open(port), { code: 'ECONNREFUSED' });
  open();
  assert.match(await busy.ended, /^HTTP\/1.1 200 OK[^]*connection: close[^]*done$/i);
  await closed;
  assert.equal(frontend.url, '');
});

test('a request on a kept connection is still answered while closing, as its last', async (t) => {
  const { open, handler } = gate();
  const { frontend, port, calls } = await openDoor(t, { handler });
  const wire = await Wire.open(port);
  await wire.send(get('/?first'));
  await untilCalls(calls, 1);
  const closed = frontend.close();
  await wire.send(get('/?second'));
  await untilCalls(calls, 2);
  open();
  const text = await wire.ended;
  await closed;
  assert.deepEqual(text.match(/HTTP\/1.1 200|connection: [a-z-]+/gi), [
    'HTTP/1.1 200',
    'Connection: keep-alive',
    'HTTP/1.1 200',
    'connection: close',
  ]);
});

test('health says that it drains', async (t) => {
  const { open, handler } = gate();
  const seen: number[] = [];
  const beforeCall = () => void seen.push(1);
  const { frontend, port } = await openDoor(t, { handler, options: { beforeCall } });
  const wire = await Wire.open(port);
  await wire.send(get());
  await untilCalls(seen, 1);
  const closed = frontend.close();
  await wire.send(get('/healthz'));
  await untilCalls(seen, 2);
  open();
  assert.match(await wire.ended, /200 OK[^]*503 Service Unavailable[^]*draining/);
  await closed;
});

test('a stream in flight is finished', async (t) => {
  const begun = Promise.withResolvers<void>();
  const rest = Promise.withResolvers<void>();
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('one');
    begun.resolve();
    await rest.promise;
    yield Buffer.alloc(5_000_000, 'x');
  }
  const { frontend, port } = await openDoor(t, { handler: () => reply(body()) });
  const answered = ask(port, '/');
  const kept = await Wire.open(port);
  await begun.promise;
  const closed = frontend.close();
  rest.resolve();
  assert.equal((await answered).text.length, 5_000_003);
  await closed;
  await kept.ended;
});

test('what does not end in time is broken off', async (t) => {
  const options = { drainMs: 30 };
  const { frontend, port, calls, lines } = await openDoor(t, {
    options,
    handler: hang,
  });
  const wire = await Wire.open(port);
  await wire.send(get());
  await untilCalls(calls, 1);
  const half = await Wire.open(port);
  await half.send('GET / HT');
  await frontend.close();
  assert.equal(await wire.ended, '');
  await half.ended;
  assert.equal(calls[0]!.cancellation!.cancelled, true);
  assert.match(String(lines.at(-1)!.msg), /--drain/);
});

test('closing twice, or before listening, is fine', async (t) => {
  const { frontend } = await openDoor(t);
  await Promise.all([frontend.close(), frontend.close()]);
  await frontend.close();
});
