/** What a bundle does to its JVM is done to it alone: real JVMs, Funcs in `fixture/jvm/fixture`. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Cancellation } from '../message.ts';
import { json } from './conformance-call.ts';
import { fixtureAssignment } from './conformance.ts';
import { openSubject } from './conformance-subject.ts';
import type { Subject } from './conformance-subject.ts';
import { skipJava } from './fixture/java-tool.ts';
import { buildFixtureJar } from './fixture/jvm/build.ts';
import { JvmRuntime } from './jvm.ts';
import type { Assignment } from './runtime.ts';

const funcs = ['Exits', 'Hungry', 'Deadlock', 'Endless', 'Counter'].map(
  (name) => `fixture.${name}`,
);
const options = { skip: skipJava, timeout: 120_000 };

describe('a JVM that bundles share', options, () => {
  let dir: string;
  let jar: string;
  let runtime: JvmRuntime;
  let sequence = 0;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'fct-'));
    jar = await buildFixtureJar(dir);
  });
  after(() => rm(dir, { recursive: true }));
  beforeEach(() => (runtime = new JvmRuntime({ graceMs: 0 })));

  /** The bundle under a name of its own: as good as another one. */
  function open(over: Partial<Assignment> = {}): Promise<Subject> {
    const sha = String(++sequence).padStart(64, '0');
    const assignment = fixtureAssignment(dir, { sha, jar, props: {}, ...over });
    assignment.funcs = funcs.map((operationId) => ({ operationId }));
    return openSubject({ kind: 'jvm', runtime, assignment });
  }

  const count = async (subject: Subject): Promise<unknown> =>
    json(await subject.call('fixture.Counter', { method: 'GET' }));

  test('static fields of two bundles, and of two loads of one, are not the same', async () => {
    const [one, two] = await Promise.all([open(), open()]);
    assert.equal(one.worker.pid, two.worker.pid);
    assert.deepEqual([await count(one), await count(one), await count(two)], [1, 2, 1]);
    await one.close();
    const again = await open();
    assert.equal(again.worker.pid, two.worker.pid);
    assert.deepEqual([await count(again), await count(two)], [1, 2]);
    await Promise.all([again.close(), two.close()]);
  });

  test('System.exit and Runtime.halt end the bundle that calls them', async () => {
    const good = await open();
    for (const [query, code] of [
      [{ code: 3 }, 3],
      [{ how: 'halt', code: 4 }, 4],
      [{ how: 'thread', code: 5 }, 5],
    ] as const) {
      const bad = await open();
      assert.equal(bad.worker.pid, good.worker.pid);
      await assert.rejects(bad.call('fixture.Exits', { query }), { code: 'func_exited' });
      assert.equal((await bad.exit).code, code);
      await bad.close();
    }
    assert.equal(await count(good), 1);
    await good.close();
  });

  test('memory that is used up ends the bundle that asked for it', async () => {
    const good = await open();
    const bad = await open();
    await assert.rejects(bad.call('fixture.Hungry'), { code: 'func_memory' });
    assert.match((await bad.exit).lastWords, /OutOfMemoryError/);
    assert.equal(await count(good), 1);
    await Promise.all([good.close(), bad.close()]);
  });

  /** Has calls of a bundle given up, which heed nothing, and sees what is told and who moves. */
  async function leaveBehind(operationId: string, calls: number): Promise<string> {
    const [good, bad] = [await open(), await open()];
    const tainted = good.worker.pid;
    assert.equal(bad.worker.pid, tainted);
    const cancellation = Array.from({ length: calls }, () => new Cancellation());
    const hanging = cancellation.map((cancel, index) => {
      const query = { first: String(index === 0) };
      const call = bad.call(operationId, { query, cancellation: cancel });
      return assert.rejects(call, { code: 'cancelled' });
    });
    assert.equal(await count(good), 1);
    while (bad.worker.open < calls) await pause();
    await pause(200);
    for (const cancel of cancellation) cancel.cancel();
    await Promise.all(hanging);
    assert.equal(await bad.worker.ping(10_000), true, 'only those threads are busy');
    bad.worker.kill();
    while (good.worker.pid === tainted) assert.equal(typeof (await count(good)), 'number');
    const told = await bad.logged(({ level, text }) => level === 'error' && /"/.test(text));
    assert.equal((await bad.exit).signal, 'SIGKILL');
    assert.equal(await count(good), 1, 'loaded anew');
    while (isRunning(tainted!)) await pause();
    const again = await open({ sha: bad.assignment.sha });
    assert.notEqual(again.worker.pid, good.worker.pid, 'alone from now on');
    await Promise.all([good.close(), bad.close(), again.close()]);
    return told.text;
  }

  test('an endless loop is told with its stack, and others move away', async () => {
    const told = await leaveBehind('fixture.Endless', 1);
    assert.match(told, /1 thread of the bundle did not end/);
    assert.match(told, /RUNNABLE\n {4}at fixture\.Endless\.apply\(Endless\.java:\d+\)/);
  });

  test('a deadlock is told as one, and others move away', async () => {
    const told = await leaveBehind('fixture.Deadlock', 2);
    assert.match(told, /2 threads of the bundle did not end/);
    assert.match(told, /deadlock: .*fixture/);
    assert.match(told, /at fixture\.Deadlock\.apply\(Deadlock\.java:\d+\)/);
  });

  test('a bundle that wants it has a JVM of its own, with its options', async () => {
    const shared = await open();
    const own = await open({ jvm: { own: true, options: ['-Dwanted=yes'] } });
    const pid = own.worker.pid!;
    assert.notEqual(pid, shared.worker.pid);
    assert.equal(await count(own), 1);
    if (process.platform === 'linux') {
      assert.ok(own.worker.rssBytes() > 2 ** 20);
      const { readFile } = await import('node:fs/promises');
      const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
      assert.ok(command.includes('-Dwanted=yes') && command.includes('-Xmx358m'), String(command));
    }
    await own.close();
    while (isRunning(pid)) await pause();
    await shared.close();
  });
});

const pause = (ms = 10): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
