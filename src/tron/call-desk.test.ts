import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newCallId, tronCall } from '../async-call.ts';
import { FuncatronError } from '../errors.ts';
import { tronQueues } from '../message.ts';
import type { Reply } from '../message.ts';
import { accept, jsonOf, oldId, openDesk, until, workOf } from './fixture/desk.ts';
import type { Desk } from './fixture/desk.ts';

const done = { status: 201, headers: { 'content-type': 'text/plain' }, truncated: false };

async function statusOf({ ask }: Desk, id: string): Promise<string> {
  return jsonOf(await ask(`/status/${id}`)).status;
}

test('a call is followed from its acceptance to its result', async (t) => {
  const desk = await openDesk(t);
  const { ask, tell, broker } = desk;
  const call = workOf({ callback: 'https://a.test/' });
  const id = await accept(broker, call);
  const { acceptedAt } = call.head.async!;
  const status = jsonOf(await ask(`/status/${id}`));
  const { updatedAt, ...rest } = status;
  assert.ok(updatedAt >= acceptedAt);
  assert.deepEqual(rest, {
    ...{ id, status: 'accepted', url: `/system/calls/${id}`, tries: 0, acceptedAt },
    ...{ bundle: 'shop', operation: 'POST /pets', method: 'POST', path: '/pets' },
  });
  const pending = await ask(`/result/${id}`);
  assert.deepEqual([pending.head.status, pending.head.headers['retry-after']], [202, '1']);
  const error = new FuncatronError('func_failed', 'no').toProblem();
  await tell('failed-try', { id, acceptedAt, tries: 1, error });
  await until('it is retried', async () => (await statusOf(desk, id)) === 'retrying');
  const retried = jsonOf(await ask(`/status/${id}`));
  assert.deepEqual([retried.tries, retried.error.code], [1, 'func_failed']);
  await tell('done', { id, acceptedAt, tries: 1, reply: done }, 'made');
  await until('it is done', async () => (await statusOf(desk, id)) === 'done');
  const ended = jsonOf(await ask(`/status/${id}`));
  assert.deepEqual([ended.result, ended.error], [`/system/calls/${id}/result`, undefined]);
  const { head, body } = await ask(`/result/${id}`);
  assert.deepEqual([head.status, head.headers['content-type']], [201, 'text/plain']);
  assert.equal(Buffer.from(body as Uint8Array).toString(), 'made');
});

test('whoever asks too early is answered all the same, and whoever asks for nothing at once', async (t) => {
  const { ask, tell } = await openDesk(t);
  const id = newCallId();
  const asked = ask(`/status/${id}`);
  await tell('accepted', { id });
  assert.equal(jsonOf(await asked).status, 'accepted');
  for (const unknown of [oldId(), 'x', ''])
    await assert.rejects(ask(`/status/${unknown}`), { code: 'call_unknown' });
  await assert.rejects(ask('/nonsense'), { code: 'not_found' });
});

test('how calls end otherwise', async (t) => {
  const desk = await openDesk(t);
  const { ask, tell } = desk;
  const [large, gone, refused] = [newCallId(), newCallId(), newCallId()];
  const errorOf = async (id: string) => (await ask(`/result/${id}`)).head.error!;
  await tell('done', { id: large, reply: { ...done, truncated: true } });
  await tell('cancelled', { id: gone });
  const error = new FuncatronError('runner_lost', 'gone').toProblem();
  await tell('refused', { id: refused, error });
  await until(
    'all are known',
    async () => (await desk.stores.calls.list({ limit: 9 })).length === 3,
  );
  const tooLarge = await errorOf(large);
  assert.equal(tooLarge.status, 410);
  assert.match(tooLarge.detail, /--result-max/);
  const cancelled = await errorOf(gone);
  assert.deepEqual([cancelled.code, cancelled.status], ['cancelled', 410]);
  // It is the call's error, and does not pass for one of the question.
  assert.equal((await errorOf(refused)).code, 'runner_lost');
  assert.equal(await statusOf(desk, refused), 'failed');
});

test('a call is cancelled once, and runners that start hear of it', async (t) => {
  const desk = await openDesk(t);
  const { ask, tell, cancelled } = desk;
  const id = newCallId();
  await tell('accepted', { id });
  const answer = await ask(`/cancel/${id}`);
  assert.deepEqual([answer.head.status, jsonOf(answer).status], [202, 'cancelling']);
  assert.equal(jsonOf(await ask(`/cancel/${id}`)).status, 'cancelling');
  await desk.desk.welcome('RU-1');
  const both = { ids: [id], to: undefined };
  assert.deepEqual(cancelled, [both, both, { ids: [id], to: 'RU-1' }]);
  await tell('cancelled', { id });
  await until('it is cancelled', async () => (await statusOf(desk, id)) === 'cancelled');
  await assert.rejects(ask(`/cancel/${id}`), { code: 'call_ended' });
  await assert.rejects(ask(`/cancel/${oldId()}`), { code: 'call_unknown' });
});

test('of many that claim a key at once one is new, and all are told of it', async (t) => {
  const { ask, broker } = await openDesk(t);
  const claim = { key: 'k', fingerprint: 'f' };
  const one = async (): Promise<{ id: string; own: string }> => {
    const call = workOf();
    const { id } = jsonOf(await ask('/claim', { ...claim, id: call.head.id }));
    if (id === call.head.id) await accept(broker, call, claim);
    return { id, own: call.head.id };
  };
  const all = await Promise.all(Array.from({ length: 30 }, one));
  assert.equal(new Set(all.map(({ id }) => id)).size, 1);
  assert.equal(all.filter(({ id, own }) => id === own).length, 1);
  assert.equal((await broker.depth('q')).waiting, 1);
  const other = ask('/claim', { ...claim, fingerprint: 'g', id: newCallId() });
  await assert.rejects(other, { code: 'idempotency_conflict', status: 422 });
});

test('a key is held for a call that is accepted, and let go by one that is not', async (t) => {
  const { ask, broker, tell, stores, cancelled } = await openDesk(t);
  const claim = { key: 'k', fingerprint: 'f' };
  const [first, second, third] = [newCallId(), newCallId(), newCallId()];
  await ask('/claim', { ...claim, id: first });
  // Nobody knows whether it will be accepted: who waits longest is told to come again.
  const pending = ask('/claim', { ...claim, id: second });
  await assert.rejects(pending, { code: 'idempotency_conflict', status: 409 });
  await tell('refused', { id: first, claim });
  await until('it is let go', async () => (await stores.calls.get(first)) !== undefined);
  assert.equal(jsonOf(await ask('/claim', { ...claim, id: second })).id, second);
  // One that comes so late that its key is another's must not run beside that.
  await tell('accepted', { id: third, claim });
  await until('it is cancelled', () => cancelled.length === 1);
  assert.deepEqual(cancelled[0]!.ids, [third]);
  assert.equal((await broker.depth('q')).waiting, 0);
});

test('what is no notice is dropped, and holds up no other', async (t) => {
  const { broker, tell, ask } = await openDesk(t);
  const id = newCallId();
  const wrong = ['no json', '{}\n', '[]\n', 'null\n', '{"id":1}\n', ''];
  for (const text of wrong)
    await broker.publish(tronQueues.calls, tronCall('/done', Buffer.from(text)));
  await broker.publish(tronQueues.calls, tronCall('/constructor', Buffer.from('{"id":"x"}\n')));
  await tell('accepted', { id });
  assert.equal(jsonOf(await ask(`/status/${id}`)).status, 'accepted');
  await until('none is left', async () => (await broker.depth(tronQueues.calls)).waiting === 0);
});

test('a Tron that starts takes in what happened before it answers', async (t) => {
  const { desk, tell, ask } = await openDesk(t, {}, { start: false });
  const claim = { key: 'k', fingerprint: 'f' };
  const id = oldId();
  for (let index = 0; index < 50; index++) await tell('accepted', { id: newCallId() });
  await tell('accepted', { id, claim });
  const answers = [ask(`/status/${id}`), ask('/claim', { ...claim, id: newCallId() })];
  desk.start();
  const [status, claimed] = (await Promise.all(answers)) as [Reply, Reply];
  assert.equal(jsonOf(status).status, 'accepted');
  assert.equal(jsonOf(claimed).id, id);
});

test('calls that ended are forgotten in their time, and others are not', async (t) => {
  const { stores, tell } = await openDesk(t, { callsKeepMs: 1 });
  const [open, ended] = [newCallId(), newCallId()];
  await tell('accepted', { id: open });
  await tell('done', { id: ended, reply: done });
  await until('the end was seen', async () => (await stores.calls.expire(Date.now() + 5)) > 0);
  assert.ok(await stores.calls.get(open));
  assert.equal(await stores.calls.get(ended), undefined);
  await stores.calls.expire(Date.now() + 5);
  assert.ok(await stores.calls.get(open));
});
