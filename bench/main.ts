/**
 * `npm run bench`: ratios, all from one run. `npm run bench -- get cold` runs the parts named.
 * `--quick` takes fewer rounds.
 */
import { spawnSync } from 'node:child_process';
import { benchBrokers } from './broker.ts';
import { benchCold, benchStart } from './cold.ts';
import { benchJava } from './java.ts';
import { benchLarge } from './large.ts';
import { benchFunctions, benchMemory } from './memory.ts';
import { benchSave } from './save.ts';
import { benchThroughput } from './throughput.ts';
import { benchWatchdog } from './watchdog.ts';

const args = process.argv.slice(2);
const quick = args.includes('--quick');
const wanted = args.filter((arg) => !arg.startsWith('--'));
const rounds = quick ? 2 : 5;

const parts: Record<string, () => Promise<void>> = {
  throughput: () => benchThroughput(rounds, quick ? 2 : 4),
  cold: () => benchCold(quick ? 3 : 9),
  start: () => benchStart(quick ? 3 : 9),
  save: () => benchSave(quick ? 6 : 20),
  memory: () => benchMemory(quick ? 100 : 500),
  functions: () => benchFunctions(quick ? 100 : 500),
  java: () => benchJava(rounds, quick ? 2 : 4),
  large: () => benchLarge(quick ? '256Mi' : '2Gi'),
  watchdog: () => benchWatchdog(rounds, quick ? 2 : 4),
  broker: () => benchBrokers(rounds, quick ? 2 : 4),
};

if (spawnSync('wrk', ['--version']).error) {
  console.error('bench needs wrk: apt-get install wrk');
  process.exit(1);
}
console.log(`${'figure'.padEnd(58)} ${'median  (min..max)'.padEnd(24)} target`);
for (const [name, run] of Object.entries(parts))
  if (wanted.length === 0 || wanted.includes(name)) await run();
process.exit(0);
