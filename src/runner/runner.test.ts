import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ControlMessage, Route } from '../message.ts';
import { openStage } from './fixture/platform.ts';
import type { Stage } from './fixture/platform.ts';

const answering = (version: number): string =>
  `export const main = () => ({ version: ${version} });`;
const code = (expected: string) => (error: { code: string }) => error.code === expected;

describe('runner', () => {
  let stage: Stage;
  before(async () => void (stage = await openStage()));
  after(() => stage.close());

  const serve = async (handler: string, over = {}): Promise<Route> => {
    const route = await stage.route(handler, over);
    await stage.runner.enable(route, { prepare: true, allowMissing: false });
    return route;
  };

  test('says that it is awake', () => {
    assert.equal(stage.said[0]!.action, 'awake');
    assert.equal(stage.said[0]!.type, 'runner');
  });

  test('matches and checks what no door has marked', async () => {
    const route = await serve('export const main = (_, ctx) => ({ version: ctx.params.query.n });');
    assert.deepEqual((await stage.call(route, { query: 'n=4' })).json, { version: 4 });
    await assert.rejects(stage.call(route, { query: 'n=four' }), code('bad_parameter'));
    await assert.rejects(stage.call(route, { path: '/t/nowhere' }), code('not_found'));
    await assert.rejects(stage.call(route, { method: 'DELETE' }), code('method_not_allowed'));
  });

  test('matches below the base path it was enabled at, whatever the contract says', async () => {
    const moved = { ...(await stage.route(answering(1))), basePath: '/elsewhere' };
    await stage.runner.enable(moved, { prepare: true, allowMissing: false });
    assert.deepEqual((await stage.call(moved, { path: '/elsewhere/main' })).json, { version: 1 });
    await assert.rejects(stage.call(moved, { path: '/elsewherex/main' }), code('not_found'));
  });

  test('takes a door at its word', async () => {
    const route = await serve('export const main = (_, ctx) => ({ version: ctx.params.query.n });');
    const params = { path: {}, query: { n: 7 }, header: {}, cookie: {} };
    const marks = { checked: route.sha, operation: 'GET /main', kind: 'none', params } as const;
    assert.deepEqual((await stage.call(route, marks)).json, { version: 7 });
  });

  test('checks again what was marked by another contract', async () => {
    const route = await serve(answering(1));
    const marks = { checked: 'f'.repeat(64), operation: 'GET /gone', kind: 'none' } as const;
    assert.deepEqual((await stage.call(route, marks)).json, { version: 1 });
  });

  test('a response that breaks the contract is refused when enforced, passed when reported', async () => {
    const wrong = 'export const main = () => ({ version: "one" });';
    const strict = await serve(wrong);
    await assert.rejects(
      stage.call(strict),
      (error: { code: string; errors: { at: string }[] }) => {
        return error.code === 'response_broke_contract' && error.errors[0]!.at.includes('version');
      },
    );
    const lenient = await serve(wrong, { funcatron: { validate: { response: 'report' } } });
    assert.deepEqual((await stage.call(lenient)).json, { version: 'one' });
    const apart = await serve(wrong, { own: { validate: { response: 'report' } } });
    assert.deepEqual((await stage.call(apart)).json, { version: 'one' }, "the operation's own");
    const blind = await serve(wrong, { funcatron: { validate: { response: 'off' } } });
    assert.deepEqual((await stage.call(blind)).json, { version: 'one' });
  });

  test('refuses a bundle whose code lacks Funcs, and keeps serving the one before', async () => {
    const good = await serve(answering(1));
    const lacking = await stage.route(answering(2), { operations: ['main', 'other'] });
    const options = { prepare: true, allowMissing: false };
    await assert.rejects(stage.runner.enable(lacking, options), code('handlers_missing'));
    assert.deepEqual((await stage.call(good)).json, { version: 1 });
    const { missing } = await stage.runner.enable(lacking, { ...options, allowMissing: true });
    assert.deepEqual(
      missing.map((one) => one.operationId),
      ['other'],
    );
    await assert.rejects(stage.call(lacking, { path: '/t/other' }), code('func_missing'));
  });

  test('names the file its author wrote, not the one a build made of it', async () => {
    const over = { funcatron: { handler: 'src/index.ts' }, operations: ['other'] };
    const { missing } = await stage.runner.check(await stage.route(answering(1), over));
    assert.match(missing[0]!.mend, /function other from src\/index\.ts; it exports main/);
  });

  test('a bundle that does not load is refused, and the one before keeps serving', async () => {
    const good = await serve(answering(1));
    const broken = await stage.route('throw new Error("no");');
    const enabling = stage.runner.enable(broken, { prepare: true, allowMissing: false });
    await assert.rejects(enabling, code('worker_start_failed'));
    assert.deepEqual((await stage.call(good)).json, { version: 1 });
  });

  test('an older revision does not undo a newer one', async () => {
    const older = await stage.route(answering(1));
    const newer = await serve(answering(2));
    await stage.runner.enable(older, { prepare: true, allowMissing: false });
    assert.deepEqual((await stage.call(newer)).json, { version: 2 });
  });

  test('scaling is no swap, and what is wanted is shared with the other runners', async () => {
    const route = await serve('export const main = () => ({ version: process.pid });');
    const { json } = await stage.call(route);
    const scale = (replicas: number, revision: number) =>
      stage.runner.enable(
        { ...route, replicas, revision, enabledIn: route.revision },
        { prepare: false, allowMissing: true },
      );
    const has = (instances: number) =>
      until(() => stage.runner.load.queues[0]?.instances === instances);
    await scale(3, route.revision + 0.1);
    await has(3);
    assert.deepEqual((await stage.call(route)).json, json, 'the worker of before');
    const [mine] = stage.said;
    stage.runner.setRunners([mine!.from, 'RU-zzz']);
    await scale(2, route.revision + 0.2);
    await has(1);
    await scale(0, route.revision + 0.3);
    await has(0);
    assert.equal((await stage.call(route)).status, 200, 'a call is not refused for that');
    stage.runner.setRunners([mine!.from]);
    const [load] = stage.runner.load.queues;
    assert.deepEqual([load!.enabledIn, load!.inHand, load!.calls], [route.revision, 0, 3]);
    assert.ok(load!.serviceMs > 0 && load!.concurrency === 100);
  });

  test('swaps under load lose no call', async () => {
    const slow = (version: number): string =>
      `export const main = async () => { await new Promise((r) => setTimeout(r, 5)); return { version: ${version} }; };`;
    let route = await serve(slow(0));
    let swapping = true;
    const seen = new Set<number>();
    const caller = async (): Promise<void> => {
      while (swapping) seen.add(((await stage.call(route)).json as { version: number }).version);
    };
    const callers = Array.from({ length: 8 }, caller);
    for (let version = 1; version <= 5; version++) route = await serve(slow(version));
    swapping = false;
    await Promise.all(callers);
    assert.ok(seen.has(0) && seen.size > 1);
    assert.deepEqual((await stage.call(route)).json, { version: 5 });
  });

  test('disable stops serving; a newer route at the same place is left alone', async () => {
    const route = await serve(answering(1));
    await stage.runner.disable(route.queue, route.revision - 1);
    assert.deepEqual((await stage.call(route)).json, { version: 1 });
    await stage.runner.disable(route.queue, route.revision);
    assert.deepEqual(stage.runner.routes, []);
    const late = stage.call(route, { deadline: Date.now() + 100 });
    await assert.rejects(late, code('deadline_in_queue'));
  });

  test('what a Func writes goes to the Trons with request id, bundle and SHA', async () => {
    const route = await serve(
      'export const main = () => { console.log("seen"); return { version: 1 }; };',
    );
    await stage.call(route, { id: 'call-7' });
    const line = await until(() => findLine(stage.said, 'seen'));
    assert.equal(line.requestId, 'call-7');
    assert.equal(line.sha, route.sha);
    assert.equal(line.bundle, 'staged');
  });

  test('does what control messages say, and acknowledges it', async () => {
    const route = await stage.route(answering(9));
    await broadcast(stage, { action: 'enable', msgId: 'm1', route, prepare: true });
    const ack = await until(() => stage.said.find((one) => one.of === 'm1'));
    assert.equal(ack.ok, true);
    assert.deepEqual((await stage.call(route)).json, { version: 9 });
    const broken = await stage.route('throw new Error("no");');
    await broadcast(stage, { action: 'check', msgId: 'm2', route: broken });
    const refusal = await until(() => stage.said.find((one) => one.of === 'm2'));
    assert.equal(refusal.ok, false);
    assert.equal((refusal.error as { code: string }).code, 'worker_start_failed');
    const { queue, revision } = route;
    await broadcast(stage, { action: 'disable', msgId: 'm3', queue, revision });
    await until(() => stage.said.find((one) => one.of === 'm3'));
    await broadcast(stage, { action: 'enable', msgId: 'm4', route, to: 'somebody else' });
    assert.deepEqual(stage.runner.routes, []);
  });
});

interface Line {
  text: string;
  requestId?: string;
  sha: string;
  bundle: string;
}

function findLine(said: ControlMessage[], text: string): Line | undefined {
  return said
    .flatMap((one) => (one.lines as Line[] | undefined) ?? [])
    .find((one) => one.text === text);
}

async function broadcast(stage: Stage, fields: Record<string, unknown>): Promise<void> {
  const base = { v: 1, msgId: 'm0', from: 'T', at: Date.now() } as const;
  await stage.broker.broadcast('control', { ...base, ...fields } as ControlMessage);
}

async function until<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
