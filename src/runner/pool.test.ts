import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createLog } from '../log.ts';
import { Cancellation, empty } from '../message.ts';
import type { Call, Reply } from '../message.ts';
import { Metrics } from '../metrics.ts';
import type { WorkerCall } from '../runtime/runtime.ts';
import { createPoolMeter } from './meter.ts';
import { Pool } from './pool.ts';
import type { PoolOptions } from './pool.ts';
import { WarmWorkers } from './warm.ts';

const dir = fileURLToPath(new URL('fixture/node', import.meta.url));
const funcs = 'quick wait loop die leave leak ignore ticks'.split(' ');
const log = createLog({ level: 'silent' });
const pidsOf = (pool: Pool): (number | undefined)[] => pool.workers.map(({ pid }) => pid);

describe('pool', () => {
  let socketDir = '';
  let warm: WarmWorkers;
  const pools: Pool[] = [];

  before(() => {
    socketDir = mkdtempSync(join(tmpdir(), 'fn-'));
    warm = new WarmWorkers({
      count: 1,
      start: { socketDir },
      memory: join(socketDir, 'kinds'),
      log,
    });
  });
  after(async () => {
    for (const pool of pools) pool.kill();
    await warm.close();
    rmSync(socketDir, { recursive: true, force: true });
  });

  function open(over: Partial<PoolOptions['assignment']> = {}, instances = {}): Pool {
    const pool = new Pool({
      kind: 'node',
      assignment: {
        sha: 'a'.repeat(64),
        name: 'fixture',
        version: '1',
        dir,
        handler: 'handler.mjs',
        funcs: funcs.map((operationId) => ({ operationId })),
        props: {},
        env: {},
        concurrency: 10,
        memoryBytesMax: 512 * 2 ** 20,
        stacks: false,
        ...over,
      },
      instances: { min: 0, max: 2, idleMs: 60_000, ...instances },
      warm,
      log,
      secrets: [],
      meter: createPoolMeter(new Metrics(), 'fixture'),
      onLog: () => undefined,
    });
    pools.push(pool);
    return pool;
  }

  async function call(pool: Pool, operationId: string, options: Options = {}): Promise<unknown> {
    const reply = await run(pool, operationId, options);
    return JSON.parse(Buffer.from(reply.body as Uint8Array).toString());
  }

  async function run(pool: Pool, operationId: string, options: Options = {}): Promise<Reply> {
    const { method = 'POST', timeoutMs = 20_000, query = {}, leaveAfterMs } = options;
    const head: Call['head'] = {
      ...{ v: 1, action: 'call', id: 'r1', method, scheme: 'http', host: 'h', path: '/x' },
      ...{ query: '', headers: {}, remote: '127.0.0.1', deadline: Date.now() + timeoutMs },
      params: { path: {}, query, header: {}, cookie: {} },
    };
    const cancellation = new Cancellation();
    const message: Call = { head, body: empty, cancellation };
    const work: WorkerCall = { operationId, head, body: empty, kind: 'none', cancellation };
    if (leaveAfterMs) setTimeout(() => cancellation.cancel(), leaveAfterMs);
    return pool.run(message, work);
  }

  const code = (expected: string) => (error: { code: string }) => error.code === expected;

  test('starts with the first call and answers', async () => {
    const pool = open();
    assert.equal(pool.counts.ready, 0);
    await call(pool, 'quick');
    assert.equal(pool.counts.ready, 1);
  });

  test('grows to instances.max when every worker is full, never further', async () => {
    const pool = open({ concurrency: 1 });
    const calls = Array.from({ length: 6 }, () => call(pool, 'wait', { query: { ms: 200 } }));
    const pids = new Set((await Promise.all(calls)).map((one) => (one as { pid: number }).pid));
    assert.equal(pids.size, 2);
  });

  test('goes back to zero when idle, and up again', async () => {
    const pool = open({}, { idleMs: 50 });
    await call(pool, 'quick');
    await until(() => pool.counts.ready === 0);
    await call(pool, 'quick');
  });

  test('a call past its deadline is told so; the others go on', async () => {
    const pool = open();
    await call(pool, 'quick');
    const late = call(pool, 'ignore', { timeoutMs: 100 });
    const other = call(pool, 'wait', { query: { ms: 300 } });
    await assert.rejects(late, code('func_timeout'));
    await other;
  });

  test('a call that finds every worker busy past its deadline names the runner', async () => {
    const pool = open({ concurrency: 1 }, { max: 1 });
    const first = call(pool, 'wait', { query: { ms: 600 } });
    await assert.rejects(call(pool, 'quick', { timeoutMs: 100 }), code('deadline_in_runner'));
    await first;
  });

  test('a Func that loops for ever is ended and the bundle serves again', async () => {
    const pool = open({}, { max: 1 });
    await call(pool, 'quick');
    await assert.rejects(call(pool, 'loop', { timeoutMs: 200 }), code('func_timeout'));
    await call(pool, 'quick');
  });

  test('a worker that dies costs its caller a clear error and nobody else one', async () => {
    const pool = open();
    await assert.rejects(call(pool, 'die'), code('func_exited'));
    await assert.rejects(call(pool, 'leave'), code('func_exited'));
    await call(pool, 'quick');
  });

  test('what is safe to repeat runs again when another call killed the worker', async () => {
    const pool = open({}, { max: 1 });
    await call(pool, 'quick');
    const safe = call(pool, 'wait', { method: 'GET', query: { ms: 300 } });
    const unsafe = call(pool, 'wait', { method: 'POST', query: { ms: 300 } });
    const refused = assert.rejects(unsafe, code('func_exited'));
    await assert.rejects(call(pool, 'die'), code('func_exited'));
    await refused;
    await safe;
  });

  test('a worker over its memory limit is ended, and the caller told why', async () => {
    const pool = open({ memoryBytesMax: 160 * 2 ** 20 });
    await assert.rejects(call(pool, 'leak'), code('func_memory'));
    await call(pool, 'quick');
  });

  test('calls given up on that never end retire their worker', async () => {
    const pool = open({}, { max: 1 });
    const { pid } = (await call(pool, 'quick')) as { pid: number };
    await assert.rejects(call(pool, 'ignore', { timeoutMs: 400 }), code('func_timeout'));
    await until(() => !pidsOf(pool).includes(pid));
    await call(pool, 'quick');
  });

  test('a bundle that does not load is refused at once, with a time to come back', async () => {
    const pool = open({ handler: 'nowhere.mjs' });
    await assert.rejects(call(pool, 'quick'), code('worker_start_failed'));
    await assert.rejects(call(pool, 'quick'), (error: { headers: { 'retry-after': string } }) =>
      Boolean(error.headers['retry-after']),
    );
  });

  test('drain lets calls in hand end and leaves no process', async () => {
    const pool = open();
    const slow = call(pool, 'wait', { query: { ms: 300 } });
    await until(() => pool.counts.inHand === 1 && pool.counts.ready === 1);
    const pids = pidsOf(pool);
    const [answer] = await Promise.all([slow, pool.drain()]);
    assert.deepEqual(pids, [(answer as { pid: number }).pid]);
    await until(() => pool.counts.ready === 0);
  });

  test('a caller that goes away is not waited for', async () => {
    const pool = open();
    const gone = call(pool, 'wait', { query: { ms: 5_000 }, leaveAfterMs: 50 });
    await assert.rejects(gone, code('cancelled'));
  });

  test('an answer in chunks is a call in hand until it has been read', async () => {
    const pool = open({ concurrency: 1 }, { max: 1 });
    const query = { n: 3, ms: 500 };
    const { body } = await run(pool, 'ticks', { query, timeoutMs: 1000 });
    await assert.rejects(call(pool, 'quick', { timeoutMs: 100 }), code('deadline_in_runner'));
    assert.equal(await textOf(body), 'tick tick tick ');
    assert.equal(pool.counts.inHand, 0);
    await call(pool, 'quick');
  });

  test('an answer in chunks that stalls is broken off; one left alone frees its place', async () => {
    const pool = open({ concurrency: 1 }, { max: 1 });
    const stalled = await run(pool, 'ticks', { query: { n: 2, ms: 60_000 }, timeoutMs: 300 });
    await assert.rejects(textOf(stalled.body), code('func_timeout'));
    const left = await run(pool, 'ticks', { query: { n: 1000, ms: 10 } });
    for await (const _ of left.body as AsyncIterable<Uint8Array>) break;
    await call(pool, 'quick');
  });

  test('keeps instances.min, also when one dies', async () => {
    const pool = open({}, { min: 2, max: 3, idleMs: 20 });
    await pool.prepare();
    await until(() => pool.counts.ready === 2);
    const [pid] = pidsOf(pool);
    process.kill(pid!, 'SIGKILL');
    await until(() => !pidsOf(pool).includes(pid!));
    await until(() => pool.counts.ready === 2);
  });

  test('a pool that is killed starts nothing more, and says so to who waits', async () => {
    const pool = open({ concurrency: 1 }, { max: 1 });
    const first = call(pool, 'wait', { query: { ms: 60_000 } });
    await until(() => pool.counts.ready === 1);
    const second = call(pool, 'quick', { method: 'GET' });
    const both = [
      assert.rejects(first, code('func_exited')),
      assert.rejects(second, code('runner_lost')),
    ];
    pool.kill();
    await Promise.all(both);
    await assert.rejects(call(pool, 'quick', { method: 'GET' }), code('runner_lost'));
    await until(() => pool.counts.ready === 0);
    assert.equal(pool.counts.starting, 0);
    const starting = open();
    const refused = assert.rejects(starting.prepare(), code('runner_lost'));
    starting.kill();
    await refused;
  });

  test('keeps as many as are wanted, from one call to the next, and none when that is nothing', async () => {
    const pool = open({}, { min: 0, max: 1 });
    const ready = (count: number) => until(() => pool.counts.ready === count);
    pool.resize({ min: 3, max: 3, idleMs: 60_000 });
    await ready(3);
    const held = call(pool, 'wait', { query: { ms: 300 } });
    pool.resize({ min: 0, max: 3, idleMs: 60_000 }, 0);
    await ready(1);
    await held;
    await ready(0);
    assert.ok(await call(pool, 'quick'));
    assert.equal(pool.counts.ready, 1);
  });

  interface Options {
    method?: string;
    timeoutMs?: number;
    query?: Record<string, unknown>;
    leaveAfterMs?: number;
  }
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function textOf(body: Reply['body']): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
