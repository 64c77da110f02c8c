/** Loading and retiring bundles leaves nothing of them in the JVM, though they left a lot. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openSubject } from './conformance-subject.ts';
import { fixtureAssignment } from './conformance.ts';
import { skipJava } from './fixture/java-tool.ts';
import { buildFixtureJar } from './fixture/jvm/build.ts';
import { JvmRuntime } from './jvm.ts';

const cycles = 200;
/** Metaspace that 200 loads may leave: the worker's own classes, loaded as they were needed. */
const growthBytesMax = 4 * 2 ** 20;
const skip = skipJava || (spawnSync('jcmd', ['-h']).error ? 'no jcmd here' : false);

const jcmd = async (pid: number, ...command: string[]): Promise<string> =>
  (await promisify(execFile)('jcmd', [String(pid), ...command], { maxBuffer: 2 ** 26 })).stdout;

/** Bytes of metaspace in use, and how many loaders of bundles are alive after a collection. */
async function look(pid: number): Promise<{ metaspace: number; loaders: number }> {
  // The first collection finds objects to finalize or unload, the second has done so.
  await jcmd(pid, 'GC.run');
  const histogram = await jcmd(pid, 'GC.class_histogram');
  const loaders = /^\s*\d+:\s+(\d+)\s+\d+\s+funcatron\.worker\.bundle\.BundleLoader\b/m;
  const metaspace = /Both: .*? ([\d.]+) (KB|MB) .*?used/.exec(
    await jcmd(pid, 'VM.metaspace', 'basic'),
  );
  return {
    metaspace: Number(metaspace?.[1]) * (metaspace?.[2] === 'MB' ? 2 ** 20 : 2 ** 10),
    loaders: Number(loaders.exec(histogram)?.[1] ?? 0),
  };
}

test(`${cycles} loads leave no class loader alive`, { skip, timeout: 300_000 }, async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'fct-'));
  t.after(() => rm(dir, { recursive: true }));
  const jar = await buildFixtureJar(dir);
  const runtime = new JvmRuntime();
  const assignment = fixtureAssignment(dir, { jar, props: {} });
  assignment.funcs = [{ operationId: 'fixture.Threads' }, { operationId: 'fixture.Counter' }];
  const open = () => openSubject({ kind: 'jvm', runtime, assignment: { ...assignment } });
  const kept = await open();
  t.after(() => kept.close());
  const pid = kept.worker.pid!;
  let before: Awaited<ReturnType<typeof look>> | undefined;
  for (let cycle = 0; cycle < cycles; cycle++) {
    const subject = await open();
    assert.equal(subject.worker.pid, pid);
    await subject.call('fixture.Counter', { method: 'GET' });
    for (const how of ['thread', 'timer', 'executor'])
      await subject.call('fixture.Threads', { query: { how } });
    if (cycle % 2 === 0) await subject.worker.drain();
    await subject.close();
    if (cycle === 4) before = await look(pid);
  }
  const after = await look(pid);
  const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(2)} MiB`;
  t.diagnostic(
    `metaspace: ${mib(before!.metaspace)} after 5 loads, ${mib(after.metaspace)} after ${cycles}`,
  );
  assert.equal(after.loaders, 1, 'that of the bundle that is kept');
  assert.ok(after.metaspace - before!.metaspace < growthBytesMax);
});
