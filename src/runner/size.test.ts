import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ScaleLimits } from '../openapi/scale.ts';
import { instancesOf, shareOf } from './size.ts';

const limits: ScaleLimits = {
  ...{ min: 1, awake: 1, max: 5, perRunner: false, zero: false, idleMs: 1_000, windowMs: 1_000 },
  ...{ factor: 10, type: 'load', target: 50, proportion: 0.9 },
};
const runners = ['RU-a', 'RU-b', 'RU-c'];

test('what is wanted is shared among the runners, and adds up', () => {
  for (const queue of ['q', 'another', 'x'])
    for (const replicas of [undefined, 0, 1, 2, 3, 7]) {
      const parts = runners.map((id) => instancesOf(limits, replicas, shareOf(queue, id, runners)));
      const sum = parts.reduce((total, { min }) => total + min, 0);
      assert.equal(sum, replicas ?? limits.min);
      for (const { min, max } of parts) assert.ok(max >= 1 && max >= min, 'waiting calls get one');
    }
});

test('the first worker of many functions is not everywhere on the same runner', () => {
  const ranks = Array.from({ length: 9 }, (_, at) => shareOf(`q${at}`, 'RU-a', runners).rank);
  assert.equal(new Set(ranks).size, 3);
});

test('limits of a bundle count for each runner, those of a function for all', () => {
  const share = { rank: 0, count: 3 };
  assert.deepEqual(instancesOf({ ...limits, min: 2, perRunner: true }, undefined, share), {
    ...{ min: 2, max: 5, idleMs: 1_000 },
  });
  assert.equal(instancesOf(limits, undefined, share).max, 2);
  assert.equal(instancesOf(limits, undefined, { rank: 2, count: 3 }).min, 0);
  assert.equal(instancesOf(limits, 12, share).max, 4);
});

test('a runner that no Tron has named yet takes all for itself', () => {
  assert.deepEqual(shareOf('q', 'RU-x', runners), { rank: 0, count: 1 });
  assert.deepEqual(shareOf('q', 'RU-x', []), { rank: 0, count: 1 });
});
