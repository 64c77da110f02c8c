import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fixtureAssignment, runConformance } from './conformance.ts';
import { skipJava } from './fixture/java-tool.ts';
import { buildFixtureJar } from './fixture/jvm/build.ts';
import { JvmRuntime } from './jvm.ts';

if (!skipJava) {
  const dir = await mkdtemp(join(tmpdir(), 'fct-'));
  after(() => rm(dir, { recursive: true }));
  const jar = await buildFixtureJar(dir);
  for (const own of [false, true])
    runConformance({
      kind: 'jvm',
      label: own ? 'jvm (alone)' : 'jvm (shared)',
      runtime: new JvmRuntime({ graceMs: 1_000 }),
      assignment: fixtureAssignment(dir, { jar, jvm: { own, options: [] } }),
    });
}
