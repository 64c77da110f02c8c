import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { callIdMs, readNotice } from '../async-call.ts';
import type { Notice, NoticeKind } from '../async-call.ts';
import { FuncatronError } from '../errors.ts';
import { tronQueues } from '../message.ts';
import type { Call, Reply } from '../message.ts';
import { ask, problemOf } from './fixture/client.ts';
import type { Ask } from './fixture/client.ts';
import { answer, createRoute, openDoor } from './fixture/door.ts';
import type { Door, DoorSetup } from './fixture/door.ts';

const pet = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
const content = { 'application/json': { schema: pet } };
const id = { name: 'id', in: 'path', required: true, schema: { type: 'integer' } };
const paths = {
  '/pets': { post: { operationId: 'add', requestBody: { required: true, content } } },
  '/pets/{id}': { post: { operationId: 'feed', parameters: [id] } },
};
const jsonType = { 'content-type': 'application/json' };
const rex = JSON.stringify({ name: 'Rex' });

interface Asynchronous extends Door {
  notices: { kind: NoticeKind; notice: Notice }[];
  asked: Call[];
}

/** A door beside which somebody is what the Tron would be. */
async function openAsync(
  t: TestContext,
  setup: DoorSetup = {},
  tell?: (call: Call) => Promise<Reply>,
): Promise<Asynchronous> {
  const door = await openDoor(t, { paths, durable: true, ...setup });
  const notices: Asynchronous['notices'] = [];
  const asked: Call[] = [];
  await door.broker.consume(
    tronQueues.calls,
    async (call) => {
      notices.push(readNotice(call));
      return answer('');
    },
    { prefetch: 10 },
  );
  const handle = async (call: Call): Promise<Reply> => {
    asked.push(call);
    return tell!(call);
  };
  if (tell) await door.broker.consume(tronQueues.ask, handle, { prefetch: 10 });
  return { ...door, notices, asked };
}

function add(port: number, headers: Ask['headers'], body = rex) {
  const prefer = { prefer: 'wait=1, respond-async' };
  return ask(port, '/pets', {
    method: 'POST',
    headers: { ...jsonType, ...prefer, ...headers },
    body,
  });
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

test('an asynchronous call is checked, made durable and told, and answered 202', async (t) => {
  const options = { accessLog: true };
  const { port, calls, notices, route, lines } = await openAsync(t, { options });
  assert.equal((await add(port, {}, '{}')).status, 400);
  const taken = await add(port, { 'x-request-id': 'mine' });
  assert.equal(taken.status, 202);
  const { 'x-call-id': callId, location, ...headers } = taken.headers;
  assert.equal(headers['preference-applied'], 'respond-async');
  assert.equal(headers['x-request-id'], 'mine');
  // The id is a secret: no client chooses it.
  assert.ok(callIdMs(String(callId)));
  const url = `/system/calls/${String(callId)}`;
  assert.deepEqual(JSON.parse(taken.text), { id: callId, status: 'accepted', url });
  assert.equal(location, url);
  await until(() => calls.length === 1 && notices.length === 1);
  const [{ head }] = calls as [Call];
  assert.equal(head.id, callId);
  assert.equal(head.headers['x-request-id'], 'mine');
  const line = lines.find(({ requestId }) => requestId === 'mine');
  assert.deepEqual([line!.callId, line!.status], [callId, 202]);
  const { acceptedAt } = head.async!;
  assert.deepEqual(head.async, { acceptedAt, tries: 0 });
  const { kind, notice } = notices[0]!;
  assert.equal(kind, 'accepted');
  assert.deepEqual(notice, {
    ...{ id: callId, acceptedAt, at: notice.at, queue: route.queue, bundle: route.name },
    ...{ operation: 'POST /pets', method: 'POST', path: '/pets' },
  });
});

test('an operation may be asynchronous by itself, with retries of its own', async (t) => {
  const settings = { async: true, retry: { tries: 2, wait: '3s' } };
  const document = {
    paths: { '/': { post: { operationId: 'a', 'x-funcatron': settings } } },
  };
  const { port, calls } = await openDoor(t, { document, durable: true });
  const taken = await ask(port, '/', { method: 'POST' });
  assert.deepEqual([taken.status, taken.headers['preference-applied']], [202, undefined]);
  await until(() => calls.length === 1);
  assert.deepEqual(calls[0]!.head.async!.retry, { triesMax: 2, waitMs: 3000 });
});

test('without a place to keep it an asynchronous call is refused', async (t) => {
  const { port, calls } = await openDoor(t);
  const refused = await ask(port, '/', { headers: { prefer: 'respond-async' } });
  assert.deepEqual([refused.status, problemOf(refused).code], [503, 'journal_failed']);
  assert.equal(calls.length, 0);
});

test('a Func is called by name, as its path would be', async (t) => {
  const { port, calls, frontend, route } = await openAsync(t);
  const call = (name: string, body = rex) => {
    return ask(port, `/async-function/${name}`, { method: 'POST', headers: jsonType, body });
  };
  for (const name of ['fixture.add', 'add']) assert.equal((await call(name)).status, 202);
  assert.equal((await call('add', '{}')).status, 400);
  const feed = () => ask(port, '/async-function/feed?id=7', { method: 'POST' });
  assert.equal((await feed()).status, 202);
  const missing = problemOf(await ask(port, '/async-function/feed?id=..', { method: 'POST' }));
  assert.deepEqual([missing.code, missing.errors![0]!.at], ['bad_parameter', 'id']);
  await until(() => calls.length === 3);
  const paths = calls.map(({ head }) => head.path);
  assert.deepEqual(paths.toSorted(), ['/pets', '/pets', '/pets/7']);
  const fed = calls.find(({ head }) => head.path === '/pets/7')!;
  assert.deepEqual(fed.head.params!.path, { id: 7 });
  const unknown = problemOf(await call('nobody'));
  assert.deepEqual([unknown.status, unknown.code], [404, 'no_route']);
  const ambiguous = problemOf(await call('fixture'));
  assert.equal(ambiguous.code, 'bad_request');
  assert.match(ambiguous.detail, /fixture\.add at \*\/ .*, fixture\.feed at \*\/ /);
  const get = await ask(port, '/async-function/add');
  assert.deepEqual([get.status, get.headers.allow], [405, 'POST']);
  const other = createRoute({ name: 'other', basePath: '/other', queue: 'q2', host: 'a.test' });
  await frontend.setRoutes([route, other], 2);
  assert.equal((await call('add')).status, 202, 'what is bound to another host is not meant');
  const body = { method: 'POST', headers: { ...jsonType, host: 'a.test' }, body: rex };
  assert.equal((await ask(port, '/async-function/add', body)).status, 400);
  assert.equal((await ask(port, '/async-function/other.add', body)).status, 202);
});

test('a callback is taken only where it is allowed', async (t) => {
  const callbackAllow = ['https://hooks.example.com'];
  const { port, calls, notices } = await openAsync(t, { options: { callbackAllow } });
  for (const url of [
    'https://evil.test/',
    'http://169.254.169.254/',
    'https://u:p@hooks.example.com',
    'x',
  ]) {
    const refused = problemOf(await add(port, { 'x-callback-url': url }));
    assert.deepEqual([refused.status, refused.code], [403, 'callback_refused'], url);
    assert.match(refused.detail, /X-Callback-Url/);
  }
  assert.equal(calls.length, 0);
  const url = 'https://hooks.example.com/done?a=b';
  assert.equal((await add(port, { 'x-callback-url': url })).status, 202);
  await until(() => calls.length === 1 && notices.length === 1);
  assert.equal(calls[0]!.head.async!.callback, url);
  assert.equal(notices[0]!.notice.callback, url);
});

test('an idempotency key stands for one call of one request', async (t) => {
  const claims = new Map<string, { id: string; fingerprint: string }>();
  const { port, calls, notices, asked } = await openAsync(t, {}, async ({ body }) => {
    const claim = JSON.parse(String(body));
    const known = claims.get(claim.key) ?? claim;
    claims.set(claim.key, known);
    if (known.fingerprint !== claim.fingerprint)
      throw new FuncatronError('idempotency_conflict', 'another request');
    return answer({ id: known.id });
  });
  const key = { 'idempotency-key': '"abc"' };
  const first = await add(port, key);
  assert.equal(first.status, 202);
  for (const again of [await add(port, key), await add(port, { 'idempotency-key': 'abc' })])
    assert.deepEqual(
      [again.status, again.headers.location, again.text],
      [202, first.headers.location, first.text],
    );
  const conflict = await add(port, key, JSON.stringify({ name: 'Tim' }));
  assert.deepEqual([conflict.status, problemOf(conflict).code], [422, 'idempotency_conflict']);
  const other = await ask(port, '/pets/1', {
    method: 'POST',
    headers: { prefer: 'respond-async', ...key },
  });
  assert.equal(other.status, 202, 'another operation has keys of its own');
  for (const bad of ['', '""', 'x'.repeat(256)])
    assert.equal((await add(port, { 'idempotency-key': bad })).status, 400);
  await until(() => calls.length === 2 && notices.length === 2);
  assert.deepEqual(
    asked.map(({ head }) => head.path),
    Array(5).fill('/claim'),
  );
  assert.deepEqual(notices[0]!.notice.claim!.key, [...claims.keys()][0]);
});

test('with a key and without a Tron nothing is accepted', async (t) => {
  const { port, calls } = await openAsync(t, { options: { tronTimeoutMs: 30 } });
  const refused = await add(port, { 'idempotency-key': 'abc' });
  assert.deepEqual([refused.status, problemOf(refused).code], [503, 'tron_unavailable']);
  assert.equal(refused.headers['retry-after'], '1');
  assert.equal(calls.length, 0);
});

test('the Tron is asked what became of a call, and for nothing that is no call', async (t) => {
  const cors = { origins: ['https://shop.test'] };
  const { port, asked } = await openAsync(t, { options: { cors } }, async ({ head: { path } }) => {
    if (path.startsWith('/cancel')) throw new FuncatronError('call_ended', 'it is done');
    return answer({ path }, path.startsWith('/result') ? 418 : 200, { 'x-own': '1' });
  });
  const { headers } = await add(port, {});
  const { location } = headers;
  const name = String(headers['x-call-id']);
  const status = await ask(port, location!, { headers: { origin: 'https://shop.test' } });
  assert.deepEqual([status.status, JSON.parse(status.text)], [200, { path: `/status/${name}` }]);
  assert.equal(status.headers['access-control-allow-origin'], 'https://shop.test');
  const result = await ask(port, `${location}/result`);
  assert.deepEqual([result.status, result.headers['x-own']], [418, '1']);
  const cancelled = await ask(port, location!, { method: 'DELETE' });
  assert.deepEqual([cancelled.status, problemOf(cancelled).code], [409, 'call_ended']);
  assert.equal(asked.length, 3);
  const strange = ['', 'x', `${name}x`, `${name}/x`, `${name}/result/x`, '%00', 'a'.repeat(500)];
  for (const path of strange) {
    const unknown = await ask(port, `/system/calls/${path}`);
    assert.deepEqual([unknown.status, problemOf(unknown).code], [404, 'call_unknown'], path);
  }
  const put = await ask(port, `${location}/result`, { method: 'DELETE' });
  assert.deepEqual([put.status, put.headers.allow], [405, 'GET, HEAD']);
  const preflight = await ask(port, location!, {
    method: 'OPTIONS',
    headers: { origin: 'https://shop.test', 'access-control-request-method': 'DELETE' },
  });
  assert.equal(preflight.headers['access-control-allow-methods'], 'GET, HEAD, DELETE');
  assert.equal(asked.length, 3);
});
