/** `npm run check`: format, lint, types, dead code, tidy. Exits non-zero if any complains. */
import { spawnSync } from 'node:child_process';

const steps: Record<string, string[]> = {
  format: ['prettier', '--check', '--log-level', 'warn', '.'],
  lint: ['oxlint', '--type-aware'],
  types: ['tsc', '-p', '.'],
  'dead code': ['knip', '--no-progress'],
  tidy: ['node', '--test', '--test-reporter', 'dot', 'test/tidy.test.ts'],
};

const failed = Object.entries(steps).filter(([name, [command, ...args]]) => {
  console.log(`check: ${name}`);
  return spawnSync(command!, args, { stdio: 'inherit' }).status !== 0;
});
for (const [name] of failed) console.error(`check failed: ${name}`);
process.exitCode = failed.length > 0 ? 1 : 0;
