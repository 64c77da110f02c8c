import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createLog } from '../log.ts';
import type { ControlMessage, Route } from '../message.ts';
import type { Carrier, Fields } from './line.ts';
import { ControlNode } from './node.ts';
import type { NodeOptions } from './node.ts';
import { digestOf } from './table.ts';
import type { TronInfo } from './tron-list.ts';

/** Topics within this test; `isDown`: nothing goes through. */
class Air implements Carrier {
  isDown = false;
  readonly said: ControlMessage[] = [];
  readonly #hearers = new Set<(message: ControlMessage) => void>();
  #n = 0;

  async broadcast(topic: string, message: ControlMessage): Promise<void> {
    if (this.isDown) throw new Error('the broker is away');
    assert.equal(topic, 'for_tron');
    this.said.push(message);
  }

  async subscribe(topic: string, handler: (message: ControlMessage) => void) {
    assert.equal(topic, 'control');
    this.#hearers.add(handler);
    return { stop: async () => void this.#hearers.delete(handler) };
  }

  /** As a Tron; tells the message's id. */
  tell(action: string, fields: Fields = {}): string {
    const msgId = `m${++this.#n}`;
    const head = { v: 1, action, msgId, from: 'TRON-1', at: Date.now(), store: 's1' };
    for (const hear of this.#hearers) hear({ ...head, ...fields });
    return msgId;
  }

  async answer(of: string): Promise<ControlMessage> {
    for (;;) {
      const found = this.said.find((message) => message.of === of && message.action === 'ack');
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  count(action: string): number {
    return this.said.filter((message) => message.action === action).length;
  }
}

interface Setup {
  air: Air;
  node: ControlNode;
  served: Route[];
  errors: string[];
  trons: Map<string, TronInfo>;
  forgotten: { times: number };
}

function route(n: number, over: Partial<Route> = {}): Route {
  const rest = { name: 'n', sha: `${n}`, revision: n, props: { key: 'secret' } };
  return { host: null, basePath: `/${n}`, queue: `q${n}`, ...rest, ...over };
}

async function open(t: TestContext, over: Partial<NodeOptions> = {}): Promise<Setup> {
  const air = new Air();
  const served: Route[] = [];
  const errors: string[] = [];
  const trons = new Map<string, TronInfo>();
  const forgotten = { times: 0 };
  const output = new Writable({
    write(line, _encoding, done) {
      errors.push((JSON.parse(String(line)) as { msg: string }).msg);
      done();
    },
  });
  const node = new ControlNode({
    type: 'runner',
    carrier: air,
    log: createLog({ level: 'error', output, pretty: false }),
    routes: () => served,
    about: () => ({ url: 'http://here' }),
    setRoutes: async ({ routes }) => void served.splice(0, served.length, ...routes),
    orders: {
      enable: async ({ route: one }) => void served.push(one as Route),
      fail: async () => {
        throw new Error('no way');
      },
    },
    forgetRevisions: () => void forgotten.times++,
    onTron: (info) => void trons.set(info.id, info),
    onTronGone: (id) => void trons.delete(id),
    ...over,
  });
  await node.start();
  t.after(() => node.close());
  return { air, node, served, errors, trons, forgotten };
}

async function keepingFile(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'node-'));
  t.after(() => rm(dir, { recursive: true }));
  return join(dir, 'routes.json');
}

test('says that it is here with the versions it reads, does what it is told, and answers', async (t) => {
  const { air, served, node } = await open(t);
  const [awake] = air.said;
  assert.deepEqual(
    [awake!.action, awake!.type, awake!.url, awake!.versions, awake!.from],
    ['awake', 'runner', 'http://here', { min: 1, max: 1 }, node.id],
  );
  const done = await air.answer(air.tell('route', { routes: [route(1)], revision: 1 }));
  assert.deepEqual([done.ok, done.to], [true, 'TRON-1']);
  await air.answer(air.tell('enable', { route: route(2), unheardOf: true }));
  assert.deepEqual(
    served.map(({ queue }) => queue),
    ['q1', 'q2'],
  );
  const failed = await air.answer(air.tell('fail'));
  assert.equal(failed.ok, false);
  assert.match(JSON.stringify(failed.error), /internal.*no way/);
  const bad = await air.answer(air.tell('route', { routes: [{}], revision: 2 }));
  assert.match(JSON.stringify(bad.error), /bad_request/);
});

test('what is for others, of no known action or no message is passed over', async (t) => {
  const { air, served } = await open(t);
  air.tell('enable', { route: route(1), to: 'somebody else' });
  air.tell('dance', { wantsAck: true });
  air.tell('enable', { route: route(1), at: Date.now() - 500_000 });
  air.tell('enable', { route: route(1), from: 5 });
  await air.answer(air.tell('enable', { route: route(2) }));
  assert.deepEqual(
    served.map(({ queue }) => queue),
    ['q2'],
  );
  assert.equal(air.count('ack'), 1);
});

test('a message of a later version is not acted on; who wants an answer gets one', async (t) => {
  const { air, served, errors } = await open(t);
  const of = air.tell('enable', { v: 2, route: route(1), wantsAck: true });
  const answer = await air.answer(of);
  assert.deepEqual([answer.v, answer.ok], [1, false]);
  assert.equal((answer.error as { code: string }).code, 'message_version');
  air.tell('enable', { v: 3, route: route(1) });
  assert.deepEqual(served, []);
  assert.equal(errors.length, 1, 'said once of each sender');
});

test('work that lasts is announced, so that nobody gives it up', async (t) => {
  let finish = (): void => {};
  const lasting = new Promise<void>((resolve) => (finish = resolve));
  const { air } = await open(t, { orders: { enable: () => lasting } });
  const of = air.tell('enable', { wantsAck: true });
  while (air.count('taken') === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(air.count('ack'), 0);
  finish();
  assert.equal((await air.answer(of)).ok, true);
});

test('a heartbeat tells what is served; after a lost one it begins anew', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { air } = await open(t);
  const routes = [route(1), route(2)];
  air.tell('route', { routes, revision: 5 });
  await new Promise(setImmediate);
  t.mock.timers.tick(10_000);
  await new Promise(setImmediate);
  const beat = air.said.at(-1)!;
  assert.deepEqual([beat.action, beat.digest, beat.revision], ['heartbeat', digestOf(routes), 5]);
  assert.equal(JSON.stringify(beat).includes('secret'), false);
  air.isDown = true;
  t.mock.timers.tick(10_000);
  await new Promise(setImmediate);
  air.isDown = false;
  t.mock.timers.tick(1_000);
  await new Promise(setImmediate);
  assert.equal(air.said.at(-1)!.action, 'awake');
});

test('starts from what it kept, readable by its owner alone, unless a Tron says more', async (t) => {
  const file = await keepingFile(t);
  const first = await open(t, { file });
  await first.air.answer(first.air.tell('route', { routes: [route(1)], revision: 3 }));
  await first.air.answer(first.air.tell('enable', { route: route(4) }));
  await first.node.close();
  const { mode } = await stat(file);
  assert.equal(mode & 0o777, 0o600);
  const kept = JSON.parse(await readFile(file, 'utf8')) as { store: string; revision: number };
  assert.deepEqual([kept.store, kept.revision], ['s1', 3]);

  const alone = await open(t, { file });
  assert.deepEqual(alone.served, [], 'Trons have the first word');
  while (alone.served.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(alone.served, [route(1), route(4)]);

  const led = await open(t, { file });
  await led.air.answer(led.air.tell('route', { routes: [], revision: 4 }));
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.deepEqual(led.served, []);
});

test('a file that is no table is passed over', async (t) => {
  const file = await keepingFile(t);
  for (const text of [
    '',
    '{',
    'null',
    '{"v":2}',
    '{"v":1,"store":"s","revision":1,"routes":[5]}',
  ]) {
    await writeFile(file, text);
    const { served, node } = await open(t, { file });
    await node.close();
    assert.deepEqual(served, []);
  }
});

test('Trons with another store are followed once those before are silent, and not earlier', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { air, served, errors, forgotten } = await open(t);
  air.tell('route', { routes: [route(1)], revision: 9 });
  await new Promise(setImmediate);
  for (let n = 0; n < 3; n++)
    air.tell('route', { routes: [], revision: 1, store: 's2', from: 'T2' });
  await new Promise(setImmediate);
  assert.equal(served.length, 1);
  assert.deepEqual([errors.length, forgotten.times], [1, 0]);
});

test('the store of before a restart is given up for the one that Trons have now', async (t) => {
  const file = await keepingFile(t);
  await writeFile(file, JSON.stringify({ v: 1, store: 'old', revision: 9, routes: [route(1)] }));
  const { air, served, forgotten } = await open(t, { file });
  await air.answer(air.tell('route', { routes: [route(2)], revision: 1 }));
  assert.deepEqual([served.length, served[0]!.queue, forgotten.times], [1, 'q2', 1]);
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.equal(served[0]!.queue, 'q2');
});

test('hears which Trons there are, and where counts go', async (t) => {
  const servers: unknown[] = [];
  const { air, trons } = await open(t, { onStatsD: (server) => void servers.push(server) });
  const statsd = { host: 'h', port: 8125 };
  air.tell('tron-info', { url: 'http://t', fetchKey: 'k', statsd });
  assert.deepEqual([...trons.values()], [{ id: 'TRON-1', url: 'http://t', fetchKey: 'k' }]);
  air.tell('set-statsd', { statsd: null });
  air.tell('tron-died');
  assert.equal(trons.size, 0);
  assert.deepEqual(servers, [statsd, undefined]);
});
