import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { createLog } from '../log.ts';
import { tronQueues } from '../message.ts';
import type { Call, Schedule } from '../message.ts';
import { loadContract } from '../openapi/load.ts';
import { triggersOf } from '../openapi/trigger.ts';
import { openStores } from '../store/store.ts';
import { RouteTable } from './route-table.ts';
import { nextSlot, Scheduler } from './scheduler.ts';

const log = createLog({ level: 'silent' });

function contractOf(schedule: Schedule) {
  const document = {
    openapi: '3.1.0',
    info: { title: 'Clock', version: '1' },
    'x-funcatron': { handler: 'a.mjs' },
    paths: {
      '/tick': {
        post: {
          operationId: 'tick',
          responses: { 200: { description: 'ok' } },
          'x-funcatron': { schedule },
        },
      },
    },
  };
  return loadContract({ text: JSON.stringify(document), file: 'funcatron.json' }, { id: 'sha' });
}

async function open(schedule: Schedule) {
  const stores = await openStores('memory:');
  const contract = await contractOf(schedule);
  const triggers = triggersOf(contract)!;
  const bundle = { sha: 'sha', kind: 'zip', bytes: 1, name: 'clock', version: '1', host: null };
  const base = { ...{ host: null, basePath: '/clock', queue: 'q', name: 'clock', sha: 'sha' } };
  const route = { ...base, revision: 1, props: {}, triggers, enabledAt: 1 };
  const table = new RouteTable(stores.state);
  await stores.state.commit([
    { put: 'bundle', bundle: { ...bundle, basePath: '/clock', uploadedAt: 1 } },
    { put: 'route', route },
  ]);
  const calls: Call[] = [];
  const publisher = {
    publish: async (queue: string, call: Call) => {
      if (queue !== tronQueues.calls) calls.push(call);
    },
  };
  const scheduler = (id: string, publish = publisher.publish): Scheduler => {
    return new Scheduler({
      ...{ store: stores.state, table, log, id, broker: { publish } },
      contractOf: async () => contract,
    });
  };
  const close = (): Promise<void> => stores.close();
  return { stores, calls, scheduler, close };
}

const slotOf = (call: Call): number => Date.parse(String(call.head.headers['x-funcatron-slot']));

test('a slot is fired once, by whichever of several Trons is first', async () => {
  const { calls, scheduler, close } = await open({ cron: '* * * * * *' });
  const trons = ['a', 'b', 'c'].map((id) => scheduler(id));
  for (const tron of trons) tron.start();
  while (calls.length < 3) await sleep(20);
  await Promise.all(trons.map((tron) => tron.close()));
  await close();
  const slots = calls.map(slotOf);
  assert.deepEqual(slots, [...new Set(slots)], 'no slot twice');
  for (const [index, slot] of slots.entries())
    if (index > 0) assert.equal(slot - slots[index - 1]!, 1000);
  const [{ head }] = calls as [Call];
  assert.deepEqual(
    [head.path, head.operation, head.checked, head.scheme, head.kind],
    ['/clock/tick', 'POST /tick', 'sha', 'schedule', 'none'],
  );
});

test('a slot whose Tron died with it is sent by another, under the same id', async () => {
  const { stores, calls, scheduler, close } = await open({ cron: '0 0 1 1 *' });
  const at = Date.UTC(2026, 0, 1);
  const name = 'schedule:q:POST /tick';
  const slot = { at, by: 'gone', claimedAt: Date.now() - 60_000, isSent: false };
  for (const id of ['a', 'b']) {
    await stores.state.commit([{ put: 'setting', name, value: slot }]);
    const tron = scheduler(id);
    tron.start();
    const before = calls.length;
    while (calls.length === before) await sleep(5);
    await tron.close();
    assert.equal(((await stores.state.setting(name)) as typeof slot).isSent, true);
  }
  assert.equal(calls[0]!.head.id, calls[1]!.head.id);
  assert.equal(slotOf(calls[0]!), at);
  await stores.state.commit([{ put: 'setting', name, value: { ...slot, isSent: true } }]);
  const tron = scheduler('c');
  tron.start();
  await sleep(50);
  await tron.close();
  assert.equal(calls.length, 2, 'what was sent is not sent again');
  await close();
});

test('time zones: the same clock on the wall, whatever the offset', async () => {
  const schedule = { cron: '30 2 * * *', timezone: 'Europe/Zurich' };
  const next = async (after: string) =>
    new Date(await nextSlot(schedule, Date.parse(after))).toISOString();
  assert.equal(await next('2026-01-10T00:00:00Z'), '2026-01-10T01:30:00.000Z');
  assert.equal(await next('2026-07-10T00:00:00Z'), '2026-07-10T00:30:00.000Z');
  const utc = await nextSlot({ cron: '30 2 * * *' }, Date.parse('2026-07-10T00:00:00Z'));
  assert.equal(new Date(utc).toISOString(), '2026-07-10T02:30:00.000Z');
  assert.equal(await nextSlot({ cron: '0 0 30 2 *' }, 0), Infinity);
});
