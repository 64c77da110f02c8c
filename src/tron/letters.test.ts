import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tronCall } from '../async-call.ts';
import type { Broker } from '../broker/broker.ts';
import { FuncatronError } from '../errors.ts';

import { createLog } from '../log.ts';
import { empty, tronQueues } from '../message.ts';
import type { Call } from '../message.ts';
import { accept, jsonOf, oldId, openDesk, until, workOf } from './fixture/desk.ts';
import type { Desk } from './fixture/desk.ts';
import { LeasedTurns } from './leased-turn.ts';
import { Letters } from './letters.ts';

const answered = { v: 1, action: 'answer', id: '', status: 200, headers: {} } as const;

/** A runner that fails until it is healed. */
async function serve({ broker }: Desk): Promise<{ healed: boolean; seen: Call[] }> {
  const state = { healed: false, seen: [] as Call[] };
  await broker.consume(
    'q',
    async (call) => {
      state.seen.push(call);
      if (!state.healed) throw new FuncatronError('bad_body', 'never');
      return { head: answered, body: empty };
    },
    { prefetch: 1 },
  );
  return state;
}

async function kill(desk: Desk, count = 1): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index++) ids.push(await accept(desk.broker, workOf()));
  await until('all are dead', async () => (await desk.stores.letters.size()).letters === count);
  return ids;
}

test('a dead letter is kept whole, told of, and redriven with a fresh set of tries', async (t) => {
  const desk = await openDesk(t);
  const runner = await serve(desk);
  const [id] = (await kill(desk)) as [string];
  await until(
    'it is told of',
    async () => jsonOf(await desk.ask(`/status/${id}`)).status === 'dead',
  );
  assert.equal((await desk.ask(`/result/${id}`)).head.error!.code, 'bad_body');
  await assert.rejects(desk.ask(`/cancel/${id}`), { code: 'call_ended' });
  const letter = await desk.desk.letters.get(id);
  assert.deepEqual([letter.queue, letter.error.code], ['q', 'bad_body']);
  assert.equal(Buffer.from(letter.body).toString(), '{"name":"Rex"}');
  assert.equal(letter.head.headers.authorization, 'Bearer secret');
  const timeoutMs = letter.head.deadline - letter.head.async!.acceptedAt;
  assert.ok(timeoutMs > 25_000 && timeoutMs <= 30_000, `${timeoutMs}`);
  runner.healed = true;
  await desk.desk.letters.redrive(id);
  await until('it came again', () => runner.seen.length === 2);
  const { async, deadline } = runner.seen[1]!.head;
  assert.deepEqual([async!.tries, async!.dead], [0, undefined]);
  assert.ok(async!.acceptedAt > runner.seen[0]!.head.async!.acceptedAt);
  assert.ok(deadline > Date.now() + 20_000);
  await assert.rejects(desk.desk.letters.get(id), { code: 'dead_letter_unknown' });
  await assert.rejects(desk.desk.letters.redrive(id), { code: 'dead_letter_unknown' });
  await until('it is told of', async () => {
    return jsonOf(await desk.ask(`/status/${id}`)).status === 'accepted';
  });
});

test('of many that redrive a letter at once one does', async (t) => {
  const desk = await openDesk(t);
  const runner = await serve(desk);
  const [id] = (await kill(desk)) as [string];
  runner.healed = true;
  const all = await Promise.allSettled([1, 2, 3].map(() => desk.desk.letters.redrive(id)));
  assert.equal(all.filter(({ status }) => status === 'fulfilled').length, 1);
  await until('it came again', () => runner.seen.length === 2);
});

test('of two Trons that redrive a letter at once one does', async (t) => {
  const desk = await openDesk(t, {}, { start: false });
  const { broker, stores } = desk;
  const log = createLog({ level: 'silent' });
  const letters = ['one', 'two'].map((owner) => {
    return new Letters({
      ...{ broker, calls: stores.calls, letters: stores.letters, log, deadMax: 10 },
      expiry: () => Infinity,
      turns: new LeasedTurns('letter', stores.leases, owner, 5_000),
    });
  });
  const call = tronCall('/x', Buffer.from('x'), {});
  const problem = new FuncatronError('func_failed', 'no').toProblem();
  await letters[0]!.put('q', call, Date.now(), problem);
  const { id } = call.head;
  const all = await Promise.allSettled(letters.map((one) => one.redrive(id)));
  assert.deepEqual(all.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  assert.equal((await broker.depth('q')).waiting, 1);
});

test('a letter that dies again before its redrive has ended is kept', async (t) => {
  const desk = await openDesk(t);
  const runner = await serve(desk);
  const [id] = (await kill(desk)) as [string];
  const { broker, stores } = desk;
  const before = (await desk.desk.letters.get(id)).diedAt;
  // Told late that the call is durable, as by a broker server over a network.
  const publish: Broker['publish'] = async (queue, call) => {
    await broker.publish(queue, call);
    await until('it died again', async () => (await stores.letters.get(id))!.diedAt > before);
  };
  const letters = new Letters({
    ...{ broker: { ...broker, publish } as Broker, calls: stores.calls, letters: stores.letters },
    ...{ log: createLog({ level: 'silent' }), deadMax: 10, expiry: () => Infinity },
    turns: new LeasedTurns('letter', stores.leases, 'other', 5_000),
  });
  await letters.redrive(id);
  assert.equal(runner.seen.length, 2);
  assert.ok((await letters.get(id)).diedAt > before);
});

test('a letter that died by a clock ahead of ours is redriven, and kept when it dies again', async (t) => {
  const desk = await openDesk(t);
  const runner = await serve(desk);
  const call = workOf();
  const problem = new FuncatronError('func_failed', 'no').toProblem();
  const ahead = Date.now() + 3_600_000;
  await desk.desk.letters.put('q', call, ahead, problem);
  const { id } = call.head;
  await desk.desk.letters.redrive(id);
  await until('it came again', () => runner.seen.length === 1);
  await until('it is kept', async () => {
    return (await desk.stores.letters.get(id))?.error.code === 'bad_body';
  });
  assert.ok((await desk.desk.letters.get(id)).diedAt > ahead);
});

test('a letter that was redriven is dead no more, from then on', async (t) => {
  const desk = await openDesk(t);
  await serve(desk);
  const [id] = (await kill(desk)) as [string];
  const dead = async (): Promise<boolean> =>
    jsonOf(await desk.ask(`/status/${id}`)).status === 'dead';
  await until('it is told of', dead);
  const { broker, stores } = desk;
  const letters = new Letters({
    // Nobody takes it, nor what is told of it.
    broker: { ...broker, publish: () => Promise.resolve() } as Broker,
    ...{ calls: stores.calls, letters: stores.letters },
    ...{ log: createLog({ level: 'silent' }), deadMax: 10, expiry: () => 8e15 },
    turns: new LeasedTurns('letter', stores.leases, 'other', 5_000),
  });
  await letters.redrive(id);
  assert.equal(await dead(), false);
});

test('all letters of a queue are redriven, those that die again not twice', async (t) => {
  const desk = await openDesk(t);
  const runner = await serve(desk);
  const ids = await kill(desk, 5);
  const other = workOf();
  const dead = {
    queue: 'other',
    at: Date.now(),
    error: new FuncatronError('internal', 'x').toProblem(),
  };
  other.head.async = { ...other.head.async!, dead };
  await desk.broker.publish(tronQueues.dead, other);
  await until('it is kept', async () => (await desk.stores.letters.size()).letters === 6);
  assert.deepEqual(await desk.desk.letters.redriveAll('q'), { redriven: 5, failed: 0 });
  await until('they died again', () => runner.seen.length === 10);
  await until('all are kept', async () => (await desk.stores.letters.size()).letters === 6);
  await desk.desk.letters.remove(ids[0]!);
  await assert.rejects(desk.desk.letters.remove(ids[0]!), { code: 'dead_letter_unknown' });
  const left = await desk.desk.letters.list('q', 10);
  assert.deepEqual(left.map(({ id }) => id).toSorted(), ids.slice(1).toSorted());
  runner.healed = true;
  assert.deepEqual(await desk.desk.letters.redriveAll(undefined), { redriven: 5, failed: 0 });
  assert.deepEqual(await desk.desk.letters.list(undefined, 10), []);
});

test('another call is put in a letter', async (t) => {
  const desk = await openDesk(t);
  const runner = await serve(desk);
  const [id] = (await kill(desk)) as [string];
  await desk.desk.letters.replace(id, ({ head }) => {
    const { checked: _checked, ...rest } = head;
    return { head: rest, body: Buffer.from('mended') };
  });
  runner.healed = true;
  await desk.desk.letters.redrive(id);
  await until('it came again', () => runner.seen.length === 2);
  const { head, body } = runner.seen[1]!;
  assert.deepEqual([head.checked, String(body)], [undefined, 'mended']);
  const unknown = desk.desk.letters.replace(oldId(), (letter) => letter);
  await assert.rejects(unknown, { code: 'dead_letter_unknown' });
});

test('what there is no room for stays in its queue until there is', async (t) => {
  const desk = await openDesk(t, { deadMax: 2 });
  await serve(desk);
  await kill(desk, 2);
  const third = await accept(desk.broker, workOf());
  const waiting = async () => {
    const { waiting: count, inFlight } = await desk.broker.depth(tronQueues.dead);
    return count + inFlight;
  };
  await until('it waits', async () => (await waiting()) === 1);
  assert.equal((await desk.stores.letters.size()).letters, 2);
  const [first] = await desk.desk.letters.list(undefined, 1);
  await desk.desk.letters.remove(first!.id);
  await until('it is kept', async () => (await waiting()) === 0);
  assert.ok(await desk.desk.letters.get(third));
});

test('whoever asked for the result is told of the death', async (t) => {
  const desk = await openDesk(t, {}, { start: false });
  const posted: Call[] = [];
  await desk.broker.consume(
    tronQueues.callbacks,
    async (call) => {
      posted.push(call);
      return { head: answered, body: empty };
    },
    { prefetch: 1 },
  );
  const call = workOf({ callback: 'https://a.test/' });
  const error = new FuncatronError('func_failed', 'no', { funcStack: 'at x' }).toProblem();
  call.head.async!.dead = { queue: 'q', at: Date.now(), error };
  await desk.desk.letters.take(call);
  await until('it is posted', () => posted.length === 1);
  const { headers } = posted[0]!.head;
  assert.deepEqual([headers['x-call-id'], headers['x-function-status']], [call.head.id, '500']);
  const problem = JSON.parse(String(posted[0]!.body));
  assert.deepEqual([problem.code, problem.stack], ['func_failed', undefined]);
  assert.equal(headers['content-type'], 'application/problem+json');
});
