import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { build } from 'esbuild';
import type { FuncatronError } from '../errors.ts';
import { fixtureAssignment, runConformance } from './conformance.ts';
import { openSubject } from './conformance-subject.ts';
import { nodeRuntime } from './node.ts';

const fixture = (...path: string[]): string => join(import.meta.dirname, 'fixture', ...path);

runConformance({
  kind: 'node',
  label: 'node (ES module)',
  runtime: nodeRuntime,
  assignment: fixtureAssignment(fixture('node-esm'), { handler: 'handler.mjs' }),
});

runConformance({
  kind: 'node',
  label: 'node (CommonJS)',
  runtime: nodeRuntime,
  assignment: fixtureAssignment(fixture('node-cjs'), { handler: 'handler.cjs' }),
});

const built = await mkdtemp(join(tmpdir(), 'fct-'));
after(() => rm(built, { recursive: true, force: true }));
const contents = `
  export * from './node-esm/handler.mjs';
  export { fail } from './node-ts/fail.ts';
`;
await build({
  stdin: { contents, resolveDir: fixture() },
  outfile: join(built, 'handler.mjs'),
  bundle: true,
  format: 'esm',
  platform: 'node',
  minify: true,
  sourcemap: 'linked',
});
const typescript = fixtureAssignment(built, { handler: 'handler.mjs' });

runConformance({
  kind: 'node',
  label: 'node (TypeScript, built)',
  runtime: nodeRuntime,
  assignment: typescript,
});

test('a stack names the lines of the TypeScript file', async () => {
  for (const stacks of [true, false]) {
    const assignment = { ...typescript, stacks };
    const subject = await openSubject({ kind: 'node', runtime: nodeRuntime, assignment });
    await assert.rejects(subject.call('fail', { id: 'failed' }), (error: FuncatronError) => {
      if (stacks) assert.match(error.toProblem().stack!, /node-ts\/fail\.ts:16:\d+/);
      else assert.equal(error.toProblem().stack, undefined);
      return true;
    });
    const line = await subject.logged(({ requestId }) => requestId === 'failed');
    assert.match(line.text, /failed on purpose\n\s+at .*node-ts\/fail\.ts:16:\d+/);
    await subject.close();
  }
});
