/** `npm run chaos`: every fault over every broker, with figures. */
import { parseArgs } from 'node:util';
import { whyNoPostgres } from '../server/postgres.ts';
import { brokerSchemes, whyNoServer } from '../server/start.ts';
import type { BrokerScheme } from '../server/start.ts';
import { runChaos } from './chaos.ts';
import type { ChaosResult } from './chaos.ts';
import { faults } from './fault.ts';
import { table } from './table.ts';

const usage = `usage: npm run chaos -- [broker ...] [--fault <part of a name>]... [--seconds <n>] [--clients <n>] [--verbose]
  broker     ${brokerSchemes.join(', ')}; all by default
  --fault    ${Object.keys(faults).join('; ')}; all by default
  --seconds  load before and after each fault; 5 by default
  --clients  calls under way at a time, of which each fourth is large; 12 by default
  --verbose  prints every call that failed`;

/** Longer than it takes any of them to find out. */
const cutMs = 20_000;

interface Wanted {
  schemes: BrokerScheme[];
  faults: string[];
  seconds: number;
  clients: number;
  verbose: boolean;
}

/** Throws what is wrong with the arguments. */
function readArguments(): Wanted {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      fault: { type: 'string', multiple: true, default: [''] },
      seconds: { type: 'string', default: '5' },
      clients: { type: 'string', default: '12' },
      verbose: { type: 'boolean', default: false },
    },
  });
  for (const name of positionals)
    if (!(brokerSchemes as string[]).includes(name)) throw new Error(`no broker "${name}"`);
  for (const part of values.fault)
    if (!Object.keys(faults).some((name) => name.includes(part)))
      throw new Error(`no fault is called anything like "${part}"`);
  const [seconds, clients] = [Number(values.seconds), Number(values.clients)];
  if (!(seconds > 0)) throw new Error(`--seconds ${values.seconds}: give a number above 0`);
  if (!Number.isInteger(clients) || clients < 1)
    throw new Error(`--clients ${values.clients}: give a whole number from 1`);
  return {
    ...{ seconds, clients, verbose: values.verbose },
    schemes: brokerSchemes.filter((name) => positionals.length === 0 || positionals.includes(name)),
    faults: Object.keys(faults).filter((name) => values.fault.some((part) => name.includes(part))),
  };
}

async function main({
  schemes,
  faults: names,
  seconds,
  clients,
  verbose,
}: Wanted): Promise<number> {
  const say = (line: string): void => console.log(line);
  const calmMs = seconds * 1000;
  const results: ChaosResult[] = [];
  for (const scheme of schemes) {
    const missing = whyNoServer(scheme) || whyNoPostgres();
    if (missing) say(`${scheme}: ${missing}`);
    else {
      const plan = { scheme, faults: names, calmMs, cutMs, clients, verbose, say };
      results.push(await runChaos(plan));
    }
  }
  say(`\n${table(results)}`);
  const wrong = results.flatMap((result) => result.wrong.map((line) => [result.scheme, line]));
  for (const [scheme, line] of wrong) say(`WRONG: ${scheme}, ${line}`);
  return wrong.length > 0 ? 1 : 0;
}

let wanted: Wanted | undefined;
try {
  wanted = readArguments();
} catch (error) {
  console.error(`${(error as Error).message}\n${usage}`);
}
process.exit(wanted ? await main(wanted) : 2);
