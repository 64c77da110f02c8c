/** Which JVM a bundle gets, and what becomes of those in one that misbehaves: a program plays java. */
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { FuncatronError } from '../errors.ts';
import { empty } from '../message.ts';
import { collect } from './conformance-subject.ts';
import { fixtureAssignment } from './conformance.ts';
import { JvmRuntime } from './jvm.ts';
import type { Assignment, FuncLog, StartOptions, Worker, WorkerExit } from './runtime.ts';

const rogue = join(import.meta.dirname, 'fixture/rogue/host.mjs');
const own = process.env['FUNCATRON_JAVA'];

interface Subject {
  worker: Worker;
  logs: FuncLog[];
  exit: Promise<WorkerExit>;
  assignment: Assignment;
  /** The id of the process that answered. */
  ask(): Promise<number>;
}

describe('JVMs', () => {
  let dir: string;
  let socketDir: string;
  let runtime: JvmRuntime;
  let sequence = 0;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'fct-'));
    socketDir = join(dir, 's');
    await mkdir(socketDir);
    await mkdir(join(dir, 'bin'));
    await writeFile(join(dir, 'release'), 'JAVA_VERSION="17.0.1"\n');
    process.env['FUNCATRON_JAVA'] = join(dir, 'bin/java');
  });
  after(async () => {
    if (own === undefined) delete process.env['FUNCATRON_JAVA'];
    else process.env['FUNCATRON_JAVA'] = own;
    assert.deepEqual(await readdir(socketDir), [], 'sockets left behind');
    await rm(dir, { recursive: true });
  });
  beforeEach(async () => {
    await play('');
    runtime = new JvmRuntime({ graceMs: 0 });
  });

  /** What is started as java from now on. */
  async function play(mode: string): Promise<void> {
    const java = join(dir, 'bin/java');
    const last = 'for last; do :; done; case "$last" in --train) exit 1;; esac';
    await writeFile(java, `#!/bin/sh\n${last}\nexec "${process.execPath}" "${rogue}" ${mode}\n`);
    await chmod(java, 0o755);
  }

  async function start(
    given: Partial<Assignment> = {},
    options: Partial<StartOptions> = {},
  ): Promise<Subject> {
    const sha = String(++sequence).padStart(64, '0');
    const assignment = fixtureAssignment(dir, { sha, props: {}, ...given });
    return assigned(assignment, options);
  }

  async function assigned(
    assignment: Assignment,
    options: Partial<StartOptions> = {},
  ): Promise<Subject> {
    const logs: FuncLog[] = [];
    const { promise: exit, resolve } = Promise.withResolvers<WorkerExit>();
    const events = { onLog: (line: FuncLog) => logs.push(line), onExit: resolve };
    const worker = await runtime.start({ socketDir, ...options }, events);
    await worker.assign(assignment).catch((error: unknown) => {
      worker.kill();
      throw error;
    });
    const ask = async (): Promise<number> => {
      const { body } = await worker.call({
        ...{ operationId: 'any', kind: 'none', body: empty },
        head: {
          ...{ v: 1, action: 'call', id: 'the-id', method: 'GET', scheme: 'http' },
          ...{ host: 'localhost', path: '/', query: '', headers: {}, remote: '127.0.0.1' },
          deadline: Date.now() + 30_000,
        },
      });
      return Number((await collect(body)).toString());
    };
    return { worker, logs, exit, assignment, ask };
  }

  const isGone = (pid: number): boolean => {
    try {
      return !process.kill(pid, 0);
    } catch {
      return true;
    }
  };

  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  const end = async (...subjects: Subject[]): Promise<void> => {
    const pids = subjects.flatMap(({ worker }) => worker.pid ?? []);
    for (const { worker } of subjects) worker.kill();
    await Promise.all(subjects.map(({ exit }) => exit));
    await until(() => pids.every(isGone));
  };

  test('bundles share one, which ends with the last of them', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    assert.equal(one.worker.pid, two.worker.pid);
    assert.equal(await one.ask(), one.worker.pid);
    assert.equal(one.worker.rssBytes(), 0);
    await one.worker.drain();
    assert.deepEqual(await one.exit, { code: 0, signal: null, lastWords: '' });
    assert.equal(one.worker.pid, undefined);
    assert.equal(await two.ask(), two.worker.pid);
    await end(two);
  });

  test('a second worker of one pool is in another, a second pool of one bundle is not', async () => {
    const one = await start();
    const second = await assigned(one.assignment);
    const other = await assigned({ ...one.assignment });
    assert.notEqual(one.worker.pid, second.worker.pid);
    assert.equal(one.worker.pid, other.worker.pid);
    await end(one, second, other);
  });

  test('a bundle is alone that asks for it, or for more than there is to share', async () => {
    const shared = await start();
    const asks = await start({ jvm: { own: true, options: [] } });
    const large = await start({ memoryBytesMax: 2 ** 31 });
    const pids = [shared, asks, large].map(({ worker }) => worker.pid);
    assert.equal(new Set(pids).size, 3);
    if (process.platform === 'linux') assert.ok(asks.worker.rssBytes() > 2 ** 20);
    const roomy = await start({ memoryBytesMax: 2 ** 31 }, { jvmMemoryBytesMax: 2 ** 32 });
    const next = await start({}, { jvmMemoryBytesMax: 2 ** 32 });
    assert.equal(roomy.worker.pid, next.worker.pid);
    await end(shared, asks, large, roomy, next);
  });

  test('one whose threads would not end is left by all, and killed', async () => {
    const bad = await start({ props: { call: 'hang', evict: 'threads' } });
    const good = await start();
    const tainted = bad.worker.pid!;
    const hanging = assert.rejects(bad.ask(), { code: 'func_exited' });
    bad.worker.kill();
    await hanging;
    assert.equal((await bad.exit).signal, 'SIGKILL');
    const told = bad.logs.find((line) => line.level === 'error')!.text;
    assert.match(
      told,
      /^1 thread of the bundle did not end .*\n"fixture 1" RUNNABLE\n {4}at com\./,
    );
    await until(() => good.worker.pid !== tainted);
    assert.equal(await good.ask(), good.worker.pid);
    assert.ok(good.logs.some(({ text }) => text.startsWith('moved to another JVM')));
    await until(() => isGone(tainted));
    const again = await assigned({ ...bad.assignment, props: {} });
    assert.notEqual(again.worker.pid, good.worker.pid, 'alone from now on');
    await end(good, again);
  });

  test('calls in hand end in the one that is left', async () => {
    const bad = await start({ props: { evict: 'threads' } });
    const busy = await start({ props: { call: 'hang' } });
    const tainted = bad.worker.pid!;
    const hanging = busy.ask();
    bad.worker.kill();
    await bad.exit;
    await until(() => busy.worker.pid !== tainted);
    assert.equal(busy.worker.open, 1, 'it is counted wherever it is');
    const failed = assert.rejects(hanging, { code: 'func_exited' });
    await end(busy);
    await failed;
    await until(() => isGone(tainted));
  });

  test('one that does not answer an eviction is left and killed', async () => {
    const bad = await start({ props: { evict: 'silent' } });
    const good = await start();
    const tainted = bad.worker.pid!;
    bad.worker.kill();
    assert.equal((await bad.exit).signal, 'SIGKILL');
    assert.match(bad.logs.at(-1)!.text, /does not answer/);
    await until(() => isGone(tainted));
    assert.equal(await good.ask(), good.worker.pid);
    await end(good);
  });

  test('a bundle that exits, or has no memory left, ends alone and is alone then', async () => {
    const good = await start();
    for (const [call, code, words] of [
      ['exit', 'func_exited', /System\.exit\(3\)/],
      ['memory', 'func_memory', /OutOfMemoryError: Java heap space/],
    ] as const) {
      const bad = await start({ props: { call } });
      assert.equal(bad.worker.pid, good.worker.pid);
      await assert.rejects(bad.ask(), (error: FuncatronError) => error.code === code);
      const { lastWords, signal } = await bad.exit;
      assert.match(lastWords, words);
      assert.equal(signal, null);
      assert.equal(await good.ask(), good.worker.pid);
      const again = await assigned({ ...bad.assignment, props: {} });
      assert.notEqual(again.worker.pid, good.worker.pid);
      await end(again);
    }
    await end(good);
  });

  test('one that crashes ends its workers, and whose call it was is alone then', async () => {
    const good = await start();
    const bad = await start({ props: { call: 'crash' } });
    await assert.rejects(bad.ask(), { code: 'func_exited' });
    assert.equal((await bad.exit).signal, 'SIGKILL');
    assert.equal((await good.exit).signal, 'SIGKILL');
    const [one, two] = await Promise.all([assigned(good.assignment), start()]);
    assert.equal(one.worker.pid, two.worker.pid);
    const again = await assigned({ ...bad.assignment, props: {} });
    assert.notEqual(again.worker.pid, one.worker.pid);
    await end(one, two, again);
  });

  test('one that speaks something else on its control connection is killed', async () => {
    const bad = await start({ props: { call: 'garbage' } });
    await assert.rejects(bad.ask(), { code: 'func_exited' });
    assert.equal((await bad.exit).signal, 'SIGKILL');
    assert.ok(bad.logs.some(({ text }) => /do not belong on a control connection/.test(text)));
  });

  test('one that opens no worker', async () => {
    await play('deaf');
    const code = 'worker_start_failed';
    await assert.rejects(start({}, { startTimeoutMs: 500 }), { code, message: /within 500 ms/ });
  });

  test('a worker without a bundle keeps one waiting, and lets go of it', async () => {
    const { promise: exit, resolve } = Promise.withResolvers<WorkerExit>();
    const worker = await runtime.start({ socketDir }, { onLog() {}, onExit: resolve });
    const pid = worker.pid!;
    assert.equal(isGone(pid), false);
    worker.kill();
    assert.equal((await exit).signal, 'SIGKILL');
    await until(() => isGone(pid));
  });
});
