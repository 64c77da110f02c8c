/**
 * Runs every test and prints `N passed, N failed, N skipped` last. Arguments narrow the run to
 * files whose path contains one of them. What the tests need from the system is installed first.
 */
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { prepare } from './prepare.ts';

const wanted = process.argv.slice(2);
const files = globSync(['src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'])
  .filter((path) => !path.includes('node_modules'))
  .filter((path) => wanted.length === 0 || wanted.some((part) => path.includes(part)))
  .toSorted();

if (wanted.length === 0) await prepare();

const counts = { passed: 0, failed: 0, skipped: 0 };
const stream = run({ files, concurrency: availableParallelism(), timeout: 300_000 });
stream.on('test:pass', ({ skip, todo, details }) => {
  // A suite that is skipped tells of none of its tests.
  if (skip !== undefined || todo !== undefined) counts.skipped++;
  else if (details.type !== 'suite') counts.passed++;
});
stream.on('test:fail', ({ details }) => {
  if (details.type !== 'suite') counts.failed++;
});
await new Promise<void>((resolve) => {
  stream.compose(spec()).on('end', resolve).pipe(process.stdout, { end: false });
});
if (files.length === 0) counts.failed++;
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed > 0 ? 1 : 0;
