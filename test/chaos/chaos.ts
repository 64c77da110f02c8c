/** One broker under steady mixed load, and one fault after the other. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokerScheme } from '../server/start.ts';
import { timeoutMs } from './bundle.ts';
import { faults, silentFault } from './fault.ts';
import type { Phase } from './phase.ts';
import { openScene } from './scene.ts';
import type { Scene } from './scene.ts';
import { sentence } from './table.ts';

export interface ChaosPlan {
  scheme: BrokerScheme;
  /** Names of faults; default all. */
  faults?: readonly string[];
  /** Load before and after each fault, in milliseconds. */
  calmMs: number;
  /** How long a host is cut off. */
  cutMs: number;
  clients: number;
  /** Every call that failed is printed, too. */
  verbose?: boolean;
  /** Where figures are printed while it goes on. */
  say: (line: string) => void;
}

export interface ChaosResult {
  scheme: BrokerScheme;
  phases: readonly Phase[];
  /** What may not be, in words; empty when all is as it should be. */
  wrong: string[];
}

/** Everything accepted has to have run by then, and all be well again. */
const patienceMs = 60_000;

/** Runs it and prints the figures. */
export async function runChaos(plan: ChaosPlan): Promise<ChaosResult> {
  const { scheme, clients, say } = plan;
  const ends: (() => unknown)[] = [];
  try {
    const scene = await openScene(plan, ends);
    const { load, cluster, link } = scene;
    say(`${scheme}: one host is cut from the others by ${link.how}`);
    load.start(clients);
    const unwell = await play(plan, scene);
    await load.stop();
    await settle(scene);
    load.judge();
    const wrong = [...unwell, ...load.phases.flatMap(wrongOf)];
    say(`${scheme}: accepted asynchronous calls ${load.accepted}, lost ${load.waiting}`);
    for (const line of wrong) say(`${scheme}: WRONG: ${line}`);
    if (wrong.length > 0) say(cluster.output);
    return { scheme, phases: load.phases, wrong };
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

/** Returns what went on failing. */
async function play(plan: ChaosPlan, { load, ...rest }: Scene): Promise<string[]> {
  const { scheme, calmMs, say, verbose, faults: wanted = Object.keys(faults) } = plan;
  const unwell: string[] = [];
  await sleep(calmMs);
  say(`${scheme}: ${sentence(load.phase)}`);
  for (const name of wanted) {
    const phase = load.begin(name);
    await faults[name]!({ load, ...rest });
    unwell.push(...(await becomeCalm(phase, plan)));
    say(`${scheme}: ${sentence(phase)}`);
    if (verbose) for (const line of phase.failings) say(`  ${line}`);
  }
  return unwell;
}

/** Waits until nothing has failed or been slow for a while. Returns what is wrong, if it never is. */
async function becomeCalm(phase: Phase, { calmMs, clients }: ChaosPlan): Promise<string[]> {
  const startedAt = performance.now();
  const before = phase.answered;
  for (;;) {
    await sleep(100);
    const now = performance.now();
    const isAnswered = phase.answered - before > clients;
    if (isAnswered && now - Math.max(phase.lastUnwellAt, startedAt) >= calmMs) return [];
    if (now - startedAt < patienceMs) continue;
    if (!isAnswered) return [`${phase.name}: calls are not answered any more`];
    return now - phase.lastFailureAt < calmMs ? [`${phase.name}: calls go on failing`] : [];
  }
}

/** Waits until what was accepted has run. */
async function settle({ load }: Scene): Promise<void> {
  const end = Date.now() + patienceMs;
  while (load.waiting > 0 && Date.now() < end) await sleep(200);
  // A call that was given up may run still; what runs twice would have done so by now.
  await sleep(Math.min(timeoutMs, 1_000));
}

function wrongOf(phase: Phase): string[] {
  const { name, hung, broken, unclear, damaged, twice, lost } = phase;
  const counts: [what: string, count: number, which: readonly string[]][] = [
    ['hung', hung, []],
    ['connections broken without an answer', name === silentFault ? 0 : broken, []],
    ['errors that name no component', unclear.length, unclear],
    ['damaged', damaged.length, damaged],
    ['run twice where that is forbidden', twice.length, twice],
    ['accepted and lost', lost.length, lost],
  ];
  return counts
    .filter(([, count]) => count > 0)
    .map(([what, count, which]) => {
      const some = which.length > 0 ? `: ${which.slice(0, 5).join(', ')}` : '';
      return `${name}: ${what} ${count}${some}`;
    });
}
