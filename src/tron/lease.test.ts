/** What Trons do with leases: one leads, and places change one at a time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createLog } from '../log.ts';
import type { Leases } from '../store/lease.ts';
import { openStores } from '../store/store.ts';
import { Leader } from './leader.ts';
import { LeasedTurns } from './leased-turn.ts';

const log = createLog({ level: 'silent' });

async function openLeases(t: TestContext): Promise<Leases> {
  const stores = await openStores('memory:');
  t.after(() => stores.close());
  return stores.leases;
}

/** The same leases, until they are cut off. */
function cuttable(leases: Leases): Leases & { isCut: boolean } {
  const through = <T>(work: () => Promise<T>): Promise<T> =>
    wire.isCut ? Promise.reject(new Error('the store is away')) : work();
  const wire = {
    isCut: false,
    take: (...given: Parameters<Leases['take']>) => through(() => leases.take(...given)),
    release: (...given: Parameters<Leases['release']>) => through(() => leases.release(...given)),
    holder: (...given: Parameters<Leases['holder']>) => through(() => leases.holder(...given)),
  };
  return wire;
}

function open(leases: Leases | undefined, id: string): { leader: Leader; led: () => number } {
  const counts = { led: 0 };
  const leader = new Leader({ leases, id, log, onLead: () => void counts.led++ });
  return { leader, led: () => counts.led };
}

test('one leads, and the next as soon as it has gone', async (t) => {
  const leases = await openLeases(t);
  const [one, two] = [open(leases, 'one'), open(leases, 'two')];
  for (const { leader } of [one, two]) await leader.start();
  assert.deepEqual([one.leader.leads, two.leader.leads], [true, false]);
  assert.deepEqual([one.led(), two.led()], [1, 0]);
  await one.leader.close();
  assert.equal(one.leader.leads, false);
  two.leader.hurry();
  while (!two.leader.leads) await new Promise(setImmediate);
  assert.equal(two.led(), 1);
  await two.leader.close();
});

test('without leases a Tron is alone, and leads', async () => {
  const { leader, led } = open(undefined, 'one');
  await leader.start();
  assert.deepEqual([leader.leads, led()], [true, 1]);
  await leader.close();
});

test('a leader without its store stops leading before another may begin', async (t) => {
  const leases = cuttable(await openLeases(t));
  const { leader } = open(leases, 'one');
  const time = { now: performance.now() };
  t.mock.method(performance, 'now', () => time.now);
  await leader.start();
  leases.isCut = true;
  time.now += 8_000;
  assert.equal(leader.leads, true);
  time.now += 1_500;
  assert.equal(leader.leads, false, 'its lease lasts ten seconds');
  await leader.close();
});

test('two Trons change a place one after the other, and different places at once', async (t) => {
  const leases = await openLeases(t);
  const turns = ['one', 'two'].map((owner) => new LeasedTurns('place', leases, owner, 5_000));
  const busy = new Set<string>();
  const change = (queue: string) => async (): Promise<string> => {
    assert.ok(!busy.has(queue), `two at ${queue}`);
    busy.add(queue);
    await new Promise((resolve) => setTimeout(resolve, 20));
    busy.delete(queue);
    return queue;
  };
  const all = Array.from({ length: 12 }, (_, n) => {
    const queue = n % 3 === 0 ? 'a' : 'b';
    return turns[n % 2]!.take(queue, change(queue));
  });
  assert.equal((await Promise.all(all)).filter((queue) => queue === 'a').length, 4);
  assert.equal(await leases.holder('place:a'), undefined);
});

test('who waits too long for another Tron is told; who may skip it does', async (t) => {
  const leases = await openLeases(t);
  await leases.take('place:q', 'other', 60_000);
  const turns = new LeasedTurns('place', leases, 'one', 50);
  await assert.rejects(
    turns.take('q', async () => assert.fail('it is not its turn')),
    { code: 'route_conflict' },
  );
  await turns.tryTake('q', async () => assert.fail('it is not its turn'));
});

test('a change that lost its lease must not be committed; one that fails lets go', async (t) => {
  const leases = cuttable(await openLeases(t));
  const turns = new LeasedTurns('place', leases, 'one', 50);
  const time = { now: performance.now() };
  t.mock.method(performance, 'now', () => time.now);
  await turns.take('q', async (hold) => {
    hold.assert();
    leases.isCut = true;
    time.now += 14_500;
    assert.throws(() => hold.assert(), { code: 'route_conflict' });
    leases.isCut = false;
  });
  await assert.rejects(
    turns.take('q', async () => {
      throw new Error('no');
    }),
    { message: 'no' },
  );
  assert.equal(await leases.holder('place:q'), undefined);
});
