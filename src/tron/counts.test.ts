import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '../log.ts';
import { latencyBounds } from '../metrics.ts';
import type { ControlMessage } from '../message.ts';
import { openStores } from '../store/store.ts';
import { Counts } from './counts.ts';

const buckets = (at: number, count: number): number[] =>
  Array.from({ length: latencyBounds.length + 1 }, (_, index) => (index === at ? count : 0));
const say = (tallies: unknown, from = 'FRNT1') =>
  ({ v: 1, action: 'counts', msgId: 'm', from, at: 1, tallies }) as ControlMessage;

test('what frontends tell is kept, with latencies and the last error', async (t) => {
  const { tallies, close } = await openStores('memory:');
  t.after(close);
  const log = createLog({ level: 'silent' });
  let leads = true;
  const counts = new Counts({ tallies, log, leads: () => leads, living: () => [] });
  const error = { at: 5, status: 502, code: 'func_exited', detail: 'it ended' };
  const tally = { calls: { 200: 9, 502: 1 }, seconds: 0.2, buckets: buckets(5, 10), lastAt: 6 };
  counts.hear(say({ 'f.openfaas-fn': { ...tally, error } }));
  counts.hear(say({ 'f.openfaas-fn': { ...tally, calls: { 200: 1 } } }, 'FRNT2'));
  const usage = (await counts.usageOf('f.openfaas-fn'))!;
  assert.deepEqual([usage.calls, usage.statuses], [11, { 200: 10, 502: 1 }]);
  assert.deepEqual(usage.lastError, error);
  // All of them took between 10 and 25 ms.
  assert.deepEqual([usage.latencyMs.p50, usage.latencyMs.p95], [17.5, 24.25]);
  assert.equal(await counts.usageOf('never'), undefined);

  for (const rubbish of [null, 1, { g: null }, { g: { calls: 1 } }, { g: {} }])
    counts.hear(say(rubbish));
  leads = false;
  counts.hear(say({ g: tally }));
  await counts.close();
  assert.deepEqual([...(await counts.all()).keys()], ['f.openfaas-fn']);
});

test('without a place to keep them there are none', async () => {
  const log = createLog({ level: 'silent' });
  const counts = new Counts({ tallies: undefined, log, leads: () => true, living: () => [] });
  counts.hear(say({ f: { calls: {}, seconds: 0, buckets: [], lastAt: 1 } }));
  assert.equal(await counts.usageOf('f'), undefined);
  assert.equal((await counts.all()).size, 0);
});
