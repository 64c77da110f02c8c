import assert from 'node:assert/strict';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { makeCallback } from '../async-call.ts';
import { tronQueues } from '../message.ts';
import type { Call } from '../message.ts';
import { openDesk, until, workOf } from './fixture/desk.ts';
import type { Desk } from './fixture/desk.ts';

interface Receiver {
  port: number;
  got: { method: string; path: string; headers: IncomingHttpHeaders; body: string }[];
}

type Answer = (response: ServerResponse, count: number) => void;

async function receive(t: TestContext, answer: Answer = (response) => response.end()) {
  const got: Receiver['got'] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((bytes) => {
      const { method, url, headers } = request;
      got.push({ method: method!, path: url!, headers, body: bytes.toString() });
      answer(response, got.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, got };
}

function callbackTo(url: string, body = 'fine'): Call {
  const { head } = workOf({ callback: url });
  const result = { status: 201, contentType: 'text/plain', body: Buffer.from(body) };
  return makeCallback(head, { ...result, durationMs: 1234.5, truncated: false });
}

async function lettersOf({ stores }: Desk) {
  return stores.letters.list({ limit: 10 });
}

const allowed = { callbackAllow: ['127.0.0.1:*', 'localhost:*'], asyncTries: 3 };

test('a result is posted, and signed', async (t) => {
  const { port, got } = await receive(t);
  const desk = await openDesk(t, { ...allowed, callbackSecret: 'shared' });
  const call = callbackTo(`http://127.0.0.1:${port}/done?a=b`);
  await desk.broker.publish(tronQueues.callbacks, call);
  await until('it came', () => got.length === 1);
  const [{ method, path, headers, body }] = got as [Receiver['got'][0]];
  assert.deepEqual([method, path, body], ['POST', '/done?a=b', 'fine']);
  assert.equal(headers['content-type'], 'text/plain');
  assert.equal(headers['x-function-status'], '201');
  assert.equal(headers['x-call-id'], call.head.headers['x-call-id']);
  assert.equal(headers['x-duration-seconds'], '1.234500');
  const [, seconds, digest] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(
    String(headers['x-funcatron-signature']),
  )!;
  assert.equal(headers['x-funcatron-timestamp'], seconds);
  assert.ok(Math.abs(Date.now() / 1000 - Number(seconds)) < 60);
  const expected = createHmac('sha256', 'shared').update(`${seconds}.${body}`).digest();
  assert.ok(timingSafeEqual(expected, Buffer.from(digest!, 'hex')));
  assert.deepEqual(await lettersOf(desk), []);
});

test('a secret that nobody gave is made once and kept', async (t) => {
  const { desk, stores } = await openDesk(t);
  const secret = await desk.callbacks.secret();
  assert.ok(secret.length >= 43);
  assert.equal(await desk.callbacks.secret(), secret);
  assert.equal(await stores.state.setting('callback-secret'), secret);
});

test('a receiver that fails is tried again, and given up in the end', async (t) => {
  const slow = await receive(t, (response, count) => {
    response.statusCode = count < 3 ? 503 : 204;
    response.end();
  });
  const dead = await receive(t, (response) => {
    response.statusCode = 302;
    response.setHeader('location', `http://127.0.0.1:${slow.port}/`);
    response.end();
  });
  const desk = await openDesk(t, allowed);
  await desk.broker.publish(tronQueues.callbacks, callbackTo(`http://127.0.0.1:${slow.port}/`));
  await until('it was taken', () => slow.got.length === 3);
  const given = callbackTo(`http://127.0.0.1:${dead.port}/`);
  await desk.broker.publish(tronQueues.callbacks, given);
  await until('it is a dead letter', async () => (await lettersOf(desk)).length === 1);
  const [letter] = await lettersOf(desk);
  assert.equal(dead.got.length, 3);
  assert.equal(slow.got.length, 3, 'a redirect is not followed');
  const { queue, error, tries, id } = letter!;
  assert.deepEqual(
    [queue, error.code, tries, id],
    [tronQueues.callbacks, 'callback_failed', 3, given.head.id],
  );
  assert.match(error.detail, /answered 302/);
  await desk.desk.letters.redrive(id);
  await until('it was tried again', () => dead.got.length > 3);
});

test('a receiver that does not answer is given up in time', async (t) => {
  const { port, got } = await receive(t, () => undefined);
  const desk = await openDesk(t, { ...allowed, callbackTimeoutMs: 1_000, asyncTries: 1 });
  await desk.broker.publish(tronQueues.callbacks, callbackTo(`http://127.0.0.1:${port}/`));
  await until('it is a dead letter', async () => (await lettersOf(desk)).length === 1);
  assert.equal(got.length, 1);
  assert.match((await lettersOf(desk))[0]!.error.detail, /did not answer in 1/);
});

test('an answer without end is not read to it', async (t) => {
  const { port } = await receive(t, (response) => {
    const more = (): void => {
      while (response.write(Buffer.alloc(65_536)));
      response.once('drain', more);
    };
    more();
  });
  const desk = await openDesk(t, allowed);
  await desk.broker.publish(tronQueues.callbacks, callbackTo(`http://127.0.0.1:${port}/`));
  await until('it is done', async () => {
    const { waiting, inFlight } = await desk.broker.depth(tronQueues.callbacks);
    return waiting + inFlight === 0;
  });
  assert.deepEqual(await lettersOf(desk), []);
});

test('nothing inner is asked for, by address or by name', async (t) => {
  const { port, got } = await receive(t);
  const urls = [
    `http://127.0.0.1:${port}/`,
    `http://localhost:${port}/`,
    `http://[::ffff:127.0.0.1]:${port}/`,
    `http://2130706433:${port}/`,
    'http://169.254.169.254:80/latest/meta-data',
    'ftp://example.com/',
    'http://user:pass@example.com/',
  ];
  // By name anything is allowed; what it leads to is not.
  for (const callbackAllow of [['*:*'], [], ['hooks.example.com']]) {
    const desk = await openDesk(t, { callbackAllow });
    for (const url of urls) await desk.broker.publish(tronQueues.callbacks, callbackTo(url));
    await until('all are refused', async () => (await lettersOf(desk)).length === urls.length);
    for (const { error } of await lettersOf(desk)) assert.equal(error.code, 'callback_refused');
  }
  assert.equal(got.length, 0);
  const named = await openDesk(t, { callbackAllow: ['*:*', '127.0.0.0/8:*'] });
  await named.broker.publish(tronQueues.callbacks, callbackTo(`http://localhost:${port}/`));
  await until('it came', () => got.length === 1);
});
