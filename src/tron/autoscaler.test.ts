import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '../log.ts';
import { enablingOf } from '../message.ts';
import type { ControlMessage } from '../message.ts';
import type { ScaleLimits } from '../openapi/scale.ts';
import type { EnabledRoute } from '../store/store.ts';
import { Autoscaler } from './autoscaler.ts';
import { LoadBook } from './load-book.ts';

const usual: ScaleLimits = {
  ...{ min: 0, awake: 1, max: 6, perRunner: false, zero: false, idleMs: 60_000 },
  ...{ windowMs: 20_000, factor: 10, type: 'load', target: 50, proportion: 0.9 },
};

/** One function, a runner that tells its load, and a clock of its own. */
class Scene {
  route: EnabledRoute = {
    ...{ host: null, basePath: '/function/f', queue: 'q', name: 'f', sha: 'a'.repeat(64) },
    ...{ revision: 1, props: {}, enabledAt: 1 },
  };
  limits = usual;
  leads = true;
  now = 1_000_000;
  readonly decisions: [replicas: number | undefined, why: string][] = [];
  readonly #loads = new LoadBook();
  readonly #scaler: Autoscaler;
  #calls = 0;

  constructor(over: Partial<ScaleLimits> = {}) {
    this.limits = { ...usual, ...over };
    this.#scaler = new Autoscaler({
      table: { read: async () => ({ routes: [this.route], revision: this.route.revision }) },
      loads: this.#loads,
      scale: async (route, decide, why) => {
        const { replicas: _replicas, asked: _asked, ...rest } = this.route;
        const enabledIn = enablingOf(route);
        this.route = { ...rest, ...decide(this.route), revision: route.revision + 1, enabledIn };
        this.decisions.push([this.route.replicas, why]);
      },
      limitsOf: async () => this.limits,
      queued: async () => 0,
      leads: () => this.leads,
      runners: () => 1,
      log: createLog({ level: 'silent' }),
    });
  }

  /** Two seconds with so many calls in hand, of which some end. */
  async pass(inHand: number, times = 1): Promise<void> {
    for (let time = 0; time < times; time++) {
      this.now += 2_000;
      this.#calls += inHand;
      const queue = {
        ...{ queue: 'q', enabledIn: enablingOf(this.route), instances: 1, starting: 0 },
        ...{ concurrency: 10, waiting: 0, inHand, calls: this.#calls, cpuMs: 0 },
        ...{ waitMs: 0, serviceMs: this.#calls },
      };
      const said = { v: 1, action: 'load', msgId: 'm', from: 'RU-1', at: this.now };
      const load = { cpus: 4, queues: [queue] };
      this.#loads.hear({ ...said, load } as ControlMessage, this.now);
      await this.#scaler.look(this.now);
    }
  }

  get wanted(): (number | undefined)[] {
    return this.decisions.map(([replicas]) => replicas);
  }
}

test('one worker comes and goes without a decision', async () => {
  const scene = new Scene();
  await scene.pass(5, 5);
  await scene.pass(0, 50);
  assert.deepEqual(scene.decisions, []);
});

test('up with the second look that shows a need, down when it was less for a window', async () => {
  const scene = new Scene();
  await scene.pass(30);
  assert.deepEqual(scene.wanted, [], 'seen once it may be gone again');
  await scene.pass(30);
  assert.deepEqual(scene.wanted, [4]);
  assert.match(scene.decisions[0]![1], /30 calls in hand, 9 a worker/);
  await scene.pass(12, 9);
  assert.deepEqual(scene.wanted, [4]);
  await scene.pass(12, 2);
  assert.deepEqual(scene.wanted, [4, 2]);
  assert.match(scene.decisions[1]![1], /12 calls in hand/);
  await scene.pass(0, 20);
  assert.deepEqual(scene.wanted, [4, 2, undefined]);
  assert.match(scene.decisions[2]![1], /nobody calls/);
});

test('load that comes and goes does not make it flap', async () => {
  const scene = new Scene();
  for (let round = 0; round < 20; round++) {
    await scene.pass(40, 2);
    await scene.pass(1, 3);
  }
  assert.deepEqual(scene.wanted, [5]);
});

test('never more than the most, and never fewer than were asked for', async () => {
  const scene = new Scene();
  scene.route.asked = scene.route.replicas = 2;
  await scene.pass(5, 5);
  await scene.pass(500, 5);
  await scene.pass(0, 50);
  assert.deepEqual(scene.wanted, [6, 2]);
});

test('zero that was asked for is over with the next call', async () => {
  const scene = new Scene({ min: 1 });
  scene.route.asked = scene.route.replicas = 0;
  await scene.pass(0, 5);
  assert.deepEqual(scene.wanted, []);
  await scene.pass(1);
  assert.deepEqual(scene.wanted, [undefined]);
  assert.equal(scene.route.asked, undefined);
});

test('where labels allow zero, it goes there after its time, also when more was asked for', async () => {
  const scene = new Scene({ zero: true, awake: 3, idleMs: 30_000 });
  await scene.pass(1, 3);
  assert.deepEqual(scene.wanted, [3], 'while somebody calls there are as many as the label says');
  scene.route.asked = scene.route.replicas = 4;
  await scene.pass(1, 20);
  assert.deepEqual(scene.wanted, [3]);
  await scene.pass(0, 14);
  assert.equal(scene.route.replicas, 4);
  await scene.pass(0, 4);
  assert.equal(scene.route.replicas, undefined);
  assert.match(scene.decisions.at(-1)![1], /nobody called for 30s/);
});

test('a Tron that begins to lead takes nothing back before a window has passed', async () => {
  const scene = new Scene();
  scene.route.replicas = 5;
  scene.leads = false;
  await scene.pass(0, 20);
  assert.deepEqual(scene.wanted, []);
  scene.leads = true;
  await scene.pass(0, 9);
  assert.deepEqual(scene.wanted, []);
  await scene.pass(0, 5);
  assert.deepEqual(scene.wanted, [undefined]);
});
