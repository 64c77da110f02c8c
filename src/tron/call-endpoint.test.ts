import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeNotice, newCallId } from '../async-call.ts';
import type { Notice, NoticeKind } from '../async-call.ts';
import { FuncatronError } from '../errors.ts';
import { empty, tronQueues } from '../message.ts';
import type { Call } from '../message.ts';
import { oldId, until, workOf } from './fixture/desk.ts';
import { TestPlace } from './fixture/place.ts';

let place: TestPlace;
before(async () => {
  place = await TestPlace.open();
});
after(() => place.close());

async function tell(kind: NoticeKind, notice: Partial<Notice>, body = ''): Promise<string> {
  const whole = { id: newCallId(), acceptedAt: 1, at: Date.now(), queue: 'q', ...notice };
  const call = makeNotice(kind, whole, Buffer.from(body));
  await place.broker.publish(tronQueues.calls, call);
  await until('it is known', async () => (await place.calls.get(whole.id)) !== undefined);
  return whole.id;
}

/** A letter as a runner's broker makes it. */
async function kill(change: (call: Call) => Call = (call) => call): Promise<string> {
  const call = change(workOf());
  const error = new FuncatronError('func_failed', 'no database').toProblem();
  const async = { ...call.head.async!, tries: 3, dead: { queue: 'q', at: Date.now(), error } };
  const { id } = call.head;
  await place.broker.publish(tronQueues.dead, { ...call, head: { ...call.head, async } });
  await until('it is kept', async () => {
    return (await place.get(`/api/v1/dead-letters/${id}`)).status === 200;
  });
  return id;
}

test('calls are listed, shown and cancelled', async () => {
  const waiting = await tell('accepted', { operation: 'POST /a' });
  const text = { status: 201, headers: { 'content-type': 'text/plain' }, truncated: false };
  const done = await tell('done', { queue: 'other', reply: text }, 'made');
  const bytes = await tell('done', { queue: 'other', reply: text }, '');
  const all = (await place.get('/api/v1/calls')).json;
  assert.deepEqual(
    all.map(({ id }: { id: string }) => id).toSorted(),
    [waiting, done, bytes].toSorted(),
  );
  const some = (await place.get('/api/v1/calls?queue=other&status=done&limit=1')).json;
  assert.equal(some.length, 1);
  assert.equal((await place.get('/api/v1/calls?status=nonsense')).status, 400);
  assert.equal((await place.get('/api/v1/calls?limit=0')).status, 400);
  const shown = (await place.get(`/api/v1/calls/${waiting}`)).json;
  assert.deepEqual([shown.status, shown.operation, shown.queue], ['accepted', 'POST /a', 'q']);
  assert.equal((await place.get(`/api/v1/calls/${waiting}/result`)).status, 202);
  const result = await place.get(`/api/v1/calls/${done}/result`);
  assert.deepEqual([result.status, result.json], [200, { ...text, body: 'made' }]);
  const runner = await place.node('runner');
  const cancelled = await place.ask('DELETE', `/api/v1/calls/${waiting}`);
  assert.deepEqual([cancelled.status, cancelled.json.status], [202, 'cancelling']);
  await until('runners were told', () => runner.orders('cancel').length > 0);
  assert.deepEqual(runner.orders('cancel')[0]!.ids, [waiting]);
  const late = await place.node('runner');
  await until('one that starts is told, too', () => late.orders('cancel').length > 0);
  const ended = await place.ask('DELETE', `/api/v1/calls/${done}`);
  assert.deepEqual([ended.status, ended.json.code], [409, 'call_ended']);
  for (const path of [oldId(), `${oldId()}/result`, 'x'])
    assert.equal((await place.get(`/api/v1/calls/${path}`)).status, 404);
});

test('dead letters are listed, shown without credentials, and deleted', async () => {
  const id = await kill();
  const [summary] = (await place.get('/api/v1/dead-letters?queue=q')).json;
  const { acceptedAt, diedAt, error, ...rest } = summary;
  assert.ok(diedAt >= acceptedAt);
  assert.equal(error.code, 'func_failed');
  const request = { method: 'POST', path: '/pets', operation: 'POST /pets' };
  assert.deepEqual(rest, { id, queue: 'q', ...request, tries: 3, bytes: 14 });
  const whole = (await place.get(`/api/v1/dead-letters/${id}`)).json;
  assert.equal(whole.body, '{"name":"Rex"}');
  assert.deepEqual(whole.headers, { 'content-type': 'application/json', authorization: '***' });
  assert.deepEqual((await place.get('/api/v1/dead-letters?queue=other')).json, []);
  const binary = await kill((call) => ({ ...call, body: Buffer.from([255, 0]) }));
  assert.equal((await place.get(`/api/v1/dead-letters/${binary}`)).json.bodyBase64, '/wA=');
  for (const one of [id, binary])
    assert.equal((await place.ask('DELETE', `/api/v1/dead-letters/${one}`)).status, 204);
  const gone = await place.ask('DELETE', `/api/v1/dead-letters/${id}`);
  assert.deepEqual([gone.status, gone.json.code], [404, 'dead_letter_unknown']);
});

test('a dead letter is edited: it is checked anew, and keeps what was not shown', async () => {
  const sized = (call: Call): Call => {
    const headers = { ...call.head.headers, 'content-length': '14' };
    return { ...call, head: { ...call.head, headers } };
  };
  const id = await kill(sized);
  const path = `/api/v1/dead-letters/${id}`;
  const headers = { authorization: '***', 'x-new': ['a', 'b'], 'content-length': '14' };
  const change = { headers, body: '{"name":"Tim!"}', query: 'a=b' };
  const edited = (await place.ask('PUT', path, { body: change })).json;
  assert.deepEqual([edited.body, edited.query, edited.bytes], ['{"name":"Tim!"}', 'a=b', 15]);
  const taken: Call[] = [];
  const consumer = await place.broker.consume(
    'q',
    async (call) => {
      taken.push(call);
      return { head: { v: 1, action: 'answer', id: '', status: 200, headers: {} }, body: empty };
    },
    { prefetch: 1 },
  );
  assert.deepEqual((await place.post(`${path}/redrive`, '')).json, { redriven: 1, failed: 0 });
  await until('it came', () => taken.length === 1);
  await consumer.stop();
  const { head, body } = taken[0]!;
  assert.equal(String(body), '{"name":"Tim!"}');
  assert.deepEqual(
    [head.checked, head.kind, head.params, head.query],
    [undefined, undefined, undefined, 'a=b'],
  );
  assert.deepEqual(head.headers, {
    ...{ authorization: 'Bearer secret', 'x-new': ['a', 'b'], 'content-length': '15' },
  });
  assert.equal((await place.get(path)).status, 404);
});

test('edits that are none are refused, and change nothing', async () => {
  const id = await kill();
  const path = `/api/v1/dead-letters/${id}`;
  const wrong = [
    { body: 'a', bodyBase64: 'YQ==' },
    { body: 5 },
    { headers: { a: 5 } },
    { nonsense: 1 },
    [],
  ];
  for (const body of wrong) assert.equal((await place.ask('PUT', path, { body })).status, 400);
  assert.equal((await place.get(path)).json.body, '{"name":"Rex"}');
  const unknown = await place.ask('PUT', `/api/v1/dead-letters/${oldId()}`, { body: {} });
  assert.equal(unknown.status, 404);
  assert.equal((await place.post(`/api/v1/dead-letters/${oldId()}/redrive`, '')).status, 404);
  const moved = await place.ask('PUT', path, { body: { path: '/cats', bodyBase64: '/wA=' } });
  assert.deepEqual([moved.json.operation, moved.json.bodyBase64], ['', '/wA=']);
  await place.ask('DELETE', path);
});

test('all dead letters of a queue are redriven', async () => {
  await kill();
  await kill();
  const other = await place.post('/api/v1/dead-letters/redrive', { queue: 'other' });
  assert.deepEqual(other.json, { redriven: 0, failed: 0 });
  const all = await place.post('/api/v1/dead-letters/redrive', {});
  assert.deepEqual(all.json, { redriven: 2, failed: 0 });
  assert.deepEqual((await place.get('/api/v1/dead-letters')).json, []);
  assert.equal((await place.broker.depth('q')).waiting, 2);
});

test('the secret of callbacks is told to whoever may talk to the Tron', async () => {
  const { secret } = (await place.get('/api/v1/callback-secret')).json;
  assert.equal((await place.get('/api/v1/callback-secret')).json.secret, secret);
  assert.ok(secret.length >= 43);
});
