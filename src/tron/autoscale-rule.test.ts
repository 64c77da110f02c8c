import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ScaleLimits } from '../openapi/scale.ts';
import { needOf } from './autoscale-rule.ts';
import type { QueueLoad } from './load-book.ts';

const limits: ScaleLimits = {
  ...{ min: 0, awake: 1, max: 20, perRunner: false, zero: false, idleMs: 1, windowMs: 1 },
  ...{ factor: 10, type: 'load', target: 50, proportion: 0.9 },
};
const quiet: QueueLoad = {
  ...{ instances: 1, starting: 0, concurrency: 100, waiting: 0, inHand: 1 },
  ...{ rate: 10, waitMs: 1, serviceMs: 5, cpu: 0.1, activeAt: 1 },
};
const need = (load: Partial<QueueLoad>, over: Partial<ScaleLimits> = {}, queued = 0): number =>
  needOf({ ...limits, ...over }, { ...quiet, ...load }, { queued, cpus: 4 }).instances;

test('a tenth of the places is kept free, where there are many', () => {
  assert.equal(need({}), 1);
  assert.equal(need({ inHand: 90 }), 1);
  assert.equal(need({ inHand: 91 }), 2);
  assert.equal(need({ inHand: 10 }, {}, 300), 4, 'what no runner has taken counts');
  assert.equal(need({ concurrency: 1, inHand: 1 }), 1);
  assert.equal(need({ concurrency: 1, inHand: 3 }), 3);
});

test('calls between two looks count by their rate and how long they take', () => {
  assert.equal(need({ concurrency: 1, inHand: 0, rate: 20, serviceMs: 200 }), 4);
});

test('workers that compute all the time get company, up to what CPUs there are', () => {
  assert.equal(need({ cpu: 0.99, inHand: 20 }), 2);
  assert.equal(need({ cpu: 0.99, inHand: 1 }), 1, 'one call runs no sooner with two workers');
  assert.equal(need({ instances: 4, cpu: 3.9, inHand: 80 }), 4, 'there are no more CPUs');
  assert.equal(need({ instances: 3, cpu: 1.2, inHand: 80 }), 1);
});

test('calls that wait long get half as many workers more, unless some are on their way', () => {
  const late = { instances: 2, concurrency: 10, inHand: 18, waiting: 3, waitMs: 400 };
  assert.equal(need(late), 3);
  assert.equal(need({ ...late, starting: 1 }), 2);
  assert.equal(need({ ...late, waitMs: 50 }), 2);
});

test('labels choose what counts, and how much of it for each worker', () => {
  assert.equal(need({ rate: 100 }, { type: 'rps' }), 3);
  assert.equal(need({ inHand: 45 }, { type: 'capacity' }), 1);
  assert.equal(need({ inHand: 46 }, { type: 'capacity' }), 2);
  assert.equal(need({ waiting: 90 }, { type: 'queue' }), 2);
  assert.equal(need({ cpu: 1.4 }, { type: 'cpu', target: 500 }), 4);
  assert.equal(need({ rate: 100 }, { type: 'rps', target: 10, proportion: 1 }), 10);
});

test('the reason says what was seen', () => {
  const { reason } = needOf(limits, { ...quiet, inHand: 120 }, { queued: 0, cpus: 4 });
  assert.equal(reason, '120 calls in hand, 90 a worker');
});
