import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, problemOf, rawProblem, talk, Wire } from './fixture/client.ts';
import { openDoor } from './fixture/door.ts';

const text = { content: { 'application/octet-stream': {} } };
const closed = { security: [{ key: [] }] };
const document = {
  paths: {
    '/': { post: { operationId: 'p', requestBody: text } },
    '/closed': { post: { operationId: 'c', requestBody: text, ...closed } },
  },
  components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'x-key' } } },
};
const setup = { document, options: { bodyMax: 1000, lingerMs: 50 } };
const post = 'POST / HTTP/1.1\r\nhost: h\r\ncontent-type: application/octet-stream\r\n';

test('a body of the limit passes, whole or in chunks of any size', async (t) => {
  const { port, calls } = await openDoor(t, setup);
  const body = 'x'.repeat(1000);
  const chunks = `1\r\nx\r\n3e0;ext=1\r\n${'x'.repeat(992)}\r\n7\r\nxxxxxxx\r\n0\r\ntrailer: t\r\n\r\n`;
  const close = 'connection: close\r\n';
  const whole = `${post}${close}content-length: 1000\r\n\r\n`;
  const sent = [
    [`${whole}${body}`],
    [whole, body.slice(0, 10), body.slice(10)],
    [`${post}${close}transfer-encoding: chunked\r\n\r\n${chunks}`],
    [`${post}${close}transfer-encoding: chunked\r\n\r\n`, ...chunks.match(/[^]{1,100}/g)!],
  ];
  for (const parts of sent) assert.match(await talk(port, ...parts), /^HTTP\/1.1 200 /);
  for (const call of calls) assert.equal(Buffer.from(call.body as Uint8Array).toString(), body);
  assert.equal(calls.length, 4);
});

test('a body over the limit is refused, naming the option and its value', async (t) => {
  const { port, calls } = await openDoor(t, setup);
  const declared = await ask(port, '/', { method: 'POST', body: 'x'.repeat(1001) });
  assert.equal(declared.status, 413);
  assert.match(problemOf(declared).detail, /1000 bytes \(--body-max\)/);
  const chunk = `3e9\r\n${'x'.repeat(1001)}\r\n`;
  const counted = await talk(port, `${post}transfer-encoding: chunked\r\n\r\n${chunk}`);
  assert.match(rawProblem(counted).detail, /--body-max/);
  assert.equal(calls.length, 0);
});

test('a huge declared body is refused at once, and the client may read why', async (t) => {
  const { port } = await openDoor(t, setup);
  const wire = await Wire.open(port);
  await wire.send(`${post}content-length: 1000000000\r\n\r\n`);
  await wire.until(/"requestId":"[^"]+"}$/);
  await wire.send('x'.repeat(100_000));
  assert.equal(rawProblem(await wire.ended).status, 413);
});

test('a client that waits for our word sends only what is wanted', async (t) => {
  const { port, calls } = await openDoor(t, setup);
  const wire = await Wire.open(port);
  await wire.send(`${post}expect: 100-continue\r\ncontent-length: 3\r\n\r\n`);
  await wire.until(/^HTTP\/1.1 100 Continue\r\n\r\n$/);
  await wire.send('abc');
  await wire.until(/HTTP\/1.1 200 OK/);
  wire.close();
  assert.equal(Buffer.from(calls[0]!.body as Uint8Array).toString(), 'abc');
  assert.equal(calls[0]!.head.headers.expect, undefined);
  for (const [head, status] of [
    [`${post}content-length: 2000\r\n`, 413],
    [`${post.replace('/', '/closed')}content-length: 3\r\n`, 503],
    [`${post.replace('/', '/none')}content-length: 3\r\n`, 404],
  ] as const) {
    const refused = await talk(port, `${head}expect: 100-continue\r\n\r\n`);
    assert.equal(rawProblem(refused).status, status);
  }
  const other = await talk(
    port,
    `${post}content-length: 0\r\nexpect: miracles\r\nconnection: close\r\n\r\n`,
  );
  assert.equal(rawProblem(other).status, 417);
  assert.equal(calls.length, 1);
});

test('who calls is asked before the body is read', async (t) => {
  const { port } = await openDoor(t, { ...setup, props: { security: { key: { keys: ['k'] } } } });
  const wire = await Wire.open(port);
  await wire.send(`${post.replace('/', '/closed')}content-length: 900\r\n\r\nonly the begin`);
  await wire.until(/^HTTP\/1.1 401 [^]*"code":"unauthorized"/);
  wire.close();
  const known = await ask(port, '/closed', {
    method: 'POST',
    headers: { 'x-key': 'k' },
    body: 'x',
  });
  assert.equal(known.status, 200);
});

test('a small rest of a refused body is dropped, and the connection kept', async (t) => {
  const { port, calls } = await openDoor(t, setup);
  const wire = await Wire.open(port);
  await wire.send(`${post.replace('/', '/none')}content-length: 30\r\n\r\n${'x'.repeat(10)}`);
  await wire.until(/ 404 [^]*"}$/);
  await wire.send(`${'x'.repeat(20)}${post}content-length: 2\r\n\r\nok`);
  await wire.until(/ 404 [^]* 200 OK/);
  wire.close();
  assert.equal(Buffer.from(calls[0]!.body as Uint8Array).toString(), 'ok');
});

test('a body that breaks off in the middle is answered and never called', async (t) => {
  const { port, calls } = await openDoor(t, setup);
  const wire = await Wire.open(port);
  await wire.send(`${post}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n`);
  await wire.send('rubbish\r\n');
  assert.equal(rawProblem(await wire.ended).code, 'bad_request');
  assert.equal(calls.length, 0);
});
