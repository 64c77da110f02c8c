/** What leases must do, as tests. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cases } from './conformance-bench.ts';

const longMs = 600_000;

export const leaseCases: Cases = {
  'a lease is one owner’s until it is released': async ({ stores: { leases } }) => {
    assert.equal(await leases.holder('leader'), undefined);
    assert.equal(await leases.take('leader', 'one', longMs), true);
    assert.equal(await leases.take('leader', 'two', longMs), false);
    assert.equal(await leases.take('other', 'two', longMs), true);
    assert.equal((await leases.holder('leader'))?.owner, 'one');
    await leases.release('leader', 'two');
    assert.equal(await leases.take('leader', 'two', longMs), false);
    await leases.release('leader', 'one');
    assert.equal(await leases.holder('leader'), undefined);
    assert.equal(await leases.take('leader', 'two', longMs), true);
  },

  'a lease is renewed by its owner, and shortened': async ({ stores: { leases } }) => {
    await leases.take('leader', 'one', longMs);
    const { until } = (await leases.holder('leader'))!;
    assert.equal(await leases.take('leader', 'one', 2 * longMs), true);
    const later = (await leases.holder('leader'))!.until;
    assert.ok(later >= until + longMs, `${later - until}`);
    await leases.take('leader', 'one', 1);
    while (await leases.holder('leader')) await sleep(2);
  },

  'a lease ends by itself': async ({ stores: { leases } }) => {
    assert.equal(await leases.take('leader', 'one', 20), true);
    while (!(await leases.take('leader', 'two', longMs))) await sleep(5);
    assert.equal(await leases.take('leader', 'one', longMs), false);
    await leases.release('leader', 'one');
    assert.equal((await leases.holder('leader'))?.owner, 'two');
  },
};

export const reopenedLeaseCases: Cases = {
  'of many owners in two openings, one gets a lease': async ({ stores, another }) => {
    const both = [stores.leases, (await another()).leases];
    for (const name of ['new', 'over']) {
      if (name === 'over') await stores.leases.take(name, 'before', 0);
      const owners = Array.from({ length: 40 }, (_, index) => `owner-${index}`);
      const taken = await Promise.all(
        owners.map((owner, index) => both[index % 2]!.take(name, owner, longMs)),
      );
      const winners = owners.filter((_, index) => taken[index]);
      assert.equal(winners.length, 1);
      assert.equal((await both[1]!.holder(name))?.owner, winners[0]);
    }
  },
};
