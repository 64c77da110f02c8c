import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FuncatronError } from '../errors.ts';
import type { Reply } from '../message.ts';
import { ask, problemOf, talk, Wire } from './fixture/client.ts';
import { answer, openDoor, reply } from './fixture/door.ts';
import type { Handler } from './fixture/door.ts';

const get = 'GET / HTTP/1.1\r\nhost: h\r\n\r\n';
const last = 'GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n';
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function* chunks(...parts: (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    await tick();
    if (part instanceof Error) throw part;
    yield Buffer.from(part);
  }
}

test('status, headers and body arrive as the Func gave them', async (t) => {
  const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
  for (const size of [0, 1, 256, 4096, 4097, 300_000]) {
    const body = new Uint8Array(size).map((_, at) => bytes[at % 256]!);
    const headers = { 'content-type': 'application/octet-stream', 'X-Any': 'é', date: 'never' };
    const { port } = await openDoor(t, { handler: () => reply(body, 201, headers) });
    const raw = Buffer.from(await talk(port, last), 'latin1');
    const end = raw.indexOf('\r\n\r\n');
    const head = raw.subarray(0, end).toString('latin1');
    assert.match(head, /^HTTP\/1.1 201 Created\r\n/);
    assert.match(head, new RegExp(`^content-length: ${size}$`, 'im'));
    assert.match(head, /^x-any: é$/m);
    assert.deepEqual(head.match(/^date: .*$/gim), ['date: never']);
    assert.deepEqual(new Uint8Array(raw.subarray(end + 4)), body);
  }
});

test('a body that is a view of a larger buffer is sent as the view', async (t) => {
  const view = Buffer.from('xxhelloxx').subarray(2, 7);
  const plain = new Uint8Array(view.buffer, view.byteOffset, 5);
  const { port } = await openDoor(t, { handler: () => reply(plain) });
  assert.equal((await ask(port, '/')).text, 'hello');
});

test('several values of a header are several headers', async (t) => {
  const headers = { 'set-cookie': ['a=1', 'b=2; Path=/'], link: ['<a>', '<b>'], vary: 'accept' };
  const { port } = await openDoor(t, { handler: () => answer('x', 200, headers) });
  const { rawHeaders } = await ask(port, '/');
  const of = (name: string) => rawHeaders.filter((_, at) => rawHeaders[at - 1] === name);
  assert.deepEqual(of('set-cookie'), ['a=1', 'b=2; Path=/']);
  assert.deepEqual(of('link'), ['<a>', '<b>']);
});

test('headers of a connection, and those that are ours, do not come from a Func', async (t) => {
  const headers = {
    Connection: 'close',
    'keep-alive': 'timeout=1',
    'Transfer-Encoding': 'chunked',
    'content-length': '999',
    trailer: 'x',
    upgrade: 'h2c',
    'proxy-connection': 'close',
    'x-request-id': 'forged',
  };
  const { port } = await openDoor(t, { handler: () => answer('hello', 200, headers) });
  const wire = await Wire.open(port);
  await wire.send(get);
  const head = await wire.until(/hello$/);
  wire.close();
  assert.match(head, /^content-length: 5$/im);
  assert.match(head, /^connection: keep-alive$/im);
  assert.doesNotMatch(head, /999|chunked|forged|h2c|trailer|proxy/);
});

test('what no HTTP response can be is a 502 that says why, and nothing of it leaks', async (t) => {
  const bad: [Reply, RegExp][] = [
    [answer('secret', 200, { 'x-a': 'b\r\nset-cookie: c' }), /Invalid character/],
    [answer('secret', 200, { 'x-a': 'b\u0000' }), /Invalid character/],
    [answer('secret', 200, { 'x-a': '☃' }), /Invalid character/],
    [answer('secret', 200, { 'x a': 'b' }), /must be a valid HTTP token/],
    [answer('secret', 200, { '': 'b' }), /must be a valid HTTP token/],
    [answer('secret', 200, { 'x-a': ['b', 'c\n'] }), /Invalid character/],
    [answer('secret', 200, { 'x-a': {} as never }), /is object/],
    [answer('secret', 200, { 'x-a': null as never }), /is object/],
    ...[0, 99, 100, 101, 199, 600, 1000, 200.5, Number.NaN, '200' as never].map(
      (status): [Reply, RegExp] => [answer('secret', status), /status/],
    ),
  ];
  const replies = [...bad];
  const { port } = await openDoor(t, { handler: () => replies.shift()![0] });
  const wire = await Wire.open(port);
  for (const [, why] of bad) {
    wire.text = '';
    await wire.send(get);
    const text = await wire.until(/"requestId":"[^"]+"}$/);
    assert.match(text, /^HTTP\/1.1 502 Bad Gateway\r\n/);
    assert.match(text, /"code":"func_bad_result"/);
    assert.match(text, why);
    assert.doesNotMatch(text, /secret|set-cookie: c/);
  }
  wire.close();
});

test('answers that have no body have none, and connections go on', async (t) => {
  const bodies: Handler[] = [
    () => answer('nothing', 204),
    () => answer('nothing', 205),
    () => answer('nothing', 304, { etag: '"x"' }),
    () => reply(chunks('nothing'), 204),
    () => reply(chunks('nothing'), 304),
    () => answer('end'),
  ];
  const { port } = await openDoor(t, { handler: (call) => bodies.shift()!(call) });
  const wire = await Wire.open(port);
  for (const status of [204, 205, 304, 204, 304]) {
    wire.text = '';
    await wire.send(get);
    const text = await wire.until(/\r\n\r\n/);
    assert.match(text, new RegExp(`^HTTP/1.1 ${status} `));
    assert.doesNotMatch(text, /nothing|transfer-encoding/i);
    assert.equal(/^content-length: 0$/im.test(text), status === 205);
  }
  await wire.send(get);
  await wire.until(/end$/);
  wire.close();
});

test('HEAD keeps the length the Func says, and lets go of a stream', async (t) => {
  let closed = 0;
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      yield Buffer.from('x');
    } finally {
      closed++;
    }
  }
  const stream = watched();
  await stream.next();
  const paths = { '/': { head: { operationId: 'h' } } };
  const replies = [answer('', 200, { 'content-length': '77' }), answer(''), reply(stream)];
  const { port } = await openDoor(t, { paths, handler: () => replies.shift()! });
  assert.equal((await ask(port, '/', { method: 'HEAD' })).headers['content-length'], '77');
  assert.equal((await ask(port, '/', { method: 'HEAD' })).headers['content-length'], '0');
  assert.equal((await ask(port, '/', { method: 'HEAD' })).status, 200);
  assert.equal(closed, 1);
});

test('a stream is sent as it comes', async (t) => {
  const next = Promise.withResolvers<void>();
  async function* events(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('data: 1\n\n');
    await next.promise;
    yield Buffer.from('');
    yield Buffer.from('data: 2\n\n');
  }
  const { port } = await openDoor(t, {
    handler: () => reply(events(), 200, { 'content-type': 'text/event-stream' }),
  });
  const wire = await Wire.open(port);
  await wire.send(get);
  await wire.until(/transfer-encoding: chunked[^]*data: 1/i);
  assert.doesNotMatch(wire.text, /data: 2/);
  next.resolve();
  await wire.until(/data: 2\n\n\r\n0\r\n\r\n$/);
  await wire.send(get);
  await wire.until(/200 OK[^]*200 OK[^]*0\r\n\r\n$/);
  wire.close();
});

test('a stream may say its length, and must keep its word', async (t) => {
  const sized = { 'content-length': '6' };
  const cases: [string[], boolean][] = [
    [['abc', 'def'], true],
    [['abc'], false],
    [['abc', 'defg'], false],
  ];
  for (const [parts, whole] of cases) {
    const { port, lines } = await openDoor(t, {
      handler: () => reply(chunks(...parts), 200, sized),
    });
    const asked = ask(port, '/');
    if (whole) assert.equal((await asked).text, 'abcdef');
    else await assert.rejects(asked, { code: 'ECONNRESET' });
    assert.equal(lines.length, whole ? 0 : 1);
  }
});

test('a stream that breaks breaks the connection', async (t) => {
  const { port, lines, metrics } = await openDoor(t, {
    handler: () => reply(chunks('abc', new Error('broke'))),
  });
  await assert.rejects(ask(port, '/'), { code: 'ECONNRESET' });
  assert.match(String(lines[0]!.msg), /broke off/);
  assert.ok(lines[0]!.requestId);
  const inFlight = metrics.snapshot().find(({ name }) => name === 'funcatron_calls_in_flight');
  assert.equal(inFlight!.samples[0]!.value, 0);
});

test('a stream waits for a client that is slow to take it', async (t) => {
  let made = 0;
  const total = 200;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (; made < total; made++) yield Buffer.alloc(100_000, 'x');
  }
  const { port } = await openDoor(t, { handler: () => reply(endless()) });
  const wire = await Wire.open(port);
  wire.socket.pause();
  await wire.send(last);
  let before = -1;
  while (made !== before || made === 0) {
    before = made;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.ok(made < total, `${made} chunks were made for a client that takes none`);
  wire.socket.resume();
  assert.match((await wire.ended).slice(-5), /^0\r\n\r\n$/);
  assert.equal(made, total);
});

test('a client that goes away ends the stream that was for it', async (t) => {
  const ended = Promise.withResolvers<void>();
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        await tick();
        yield Buffer.from('x');
      }
    } finally {
      ended.resolve();
    }
  }
  const { port } = await openDoor(t, { handler: () => reply(endless()) });
  const wire = await Wire.open(port);
  await wire.send(get);
  await wire.until(/xxx|x\r\n1\r\nx/);
  wire.close();
  await ended.promise;
});

test('an HTTP/1.0 client gets a stream that ends with its connection', async (t) => {
  const { port } = await openDoor(t, { handler: () => reply(chunks('abc', 'def')) });
  const text = await talk(port, 'GET / HTTP/1.0\r\n\r\n');
  assert.match(text, /\r\n\r\nabcdef$/);
  assert.doesNotMatch(text, /transfer-encoding/i);
});

test('an error made by the platform behind the door is a problem like its own', async (t) => {
  const problem = new FuncatronError('func_timeout', 'too slow').toProblem();
  const error = { ...problem, stack: 'at secret.ts:1', headers: { 'bad header': 'x' } };
  const failed = reply(Buffer.alloc(0), 504);
  failed.head.error = error;
  const { port } = await openDoor(t, { handler: () => failed });
  const got = await ask(port, '/');
  assert.equal(problemOf(got).code, 'func_timeout');
  assert.doesNotMatch(got.text, /secret/);
  const dev = await openDoor(t, { handler: () => failed, options: { dev: true } });
  assert.match(problemOf(await ask(dev.port, '/')).stack!, /secret\.ts:1/);
});
