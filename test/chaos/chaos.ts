/** One broker under steady mixed load, and one fault after the other. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deploy } from '../fixture/bundle.ts';
import { startPostgres } from '../server/postgres.ts';
import { startTestServer } from '../server/start.ts';
import type { BrokerScheme } from '../server/start.ts';
import { Cluster } from './cluster.ts';
import { faults } from './fault.ts';
import type { Scene } from './fault.ts';
import { chaosBundle, Load, timeoutMs } from './load.ts';
import { Proxy } from './proxy.ts';

export interface ChaosPlan {
  scheme: BrokerScheme;
  /** Names of faults; default all. */
  faults?: readonly string[];
  /** Load before and after each fault, in milliseconds. */
  calmMs: number;
  clients: number;
  /** Where figures are printed. */
  say: (line: string) => void;
}

/** Everything accepted has to have run by then. */
const drainMs = 60_000;

/** Runs it, prints the figures, and throws when something was lost, hidden, hung or run twice. */
export async function runChaos(plan: ChaosPlan): Promise<void> {
  const ends: (() => unknown)[] = [];
  try {
    const scene = await setUp(plan, ends);
    await play(plan, scene);
    await judge(plan, scene);
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

async function setUp({ scheme, clients }: ChaosPlan, ends: (() => unknown)[]): Promise<Scene> {
  const broker = await startTestServer(scheme);
  ends.push(() => broker.stop());
  const store = await startPostgres();
  ends.push(() => store.stop());
  const wire = await Proxy.open(Number(new URL(broker.url).port));
  ends.push(() => wire.close());
  const far = new URL(broker.url);
  far.port = String(wire.port);
  const cluster = await Cluster.start({
    ...{ broker: broker.url, store: store.url, frontends: 2, trons: 2 },
    runners: [broker.url, far.href],
    queueMax: 300,
  });
  ends.push(() => cluster.close());
  const notes = join(cluster.dir, 'notes');
  const load = new Load(() => cluster.all('frontend').filter(({ isAlive }) => isAlive), notes);
  ends.push(() => load.stop());
  await deploy({ tron: cluster.all('tron')[0]!.url }, chaosBundle(notes));
  for (const frontend of cluster.all('frontend'))
    while (!(await fetch(`${frontend.url}/chaos/read?id=x`)).ok) await sleep(50);
  load.start(clients);
  return { cluster, broker, store, wire, load };
}

async function play({ faults: wanted, calmMs, scheme, say }: ChaosPlan, scene: Scene) {
  const { tally } = scene.load;
  await sleep(calmMs);
  for (const name of wanted ?? Object.keys(faults)) {
    const before = { ...tally, failed: total(tally.failed) };
    const begunAt = performance.now();
    await faults[name]!(scene);
    await calm(scene, calmMs);
    const recoveredMs = Math.max(0, tally.lastFailureAt - begunAt);
    const failed = total(tally.failed) - before.failed;
    say(
      `${scheme.padEnd(6)} ${name.padEnd(34)} sent ${tally.sent - before.sent}, ` +
        `answered ${tally.answered - before.answered}, failed clearly ${failed}, ` +
        `connections broken ${tally.broken - before.broken}, hung ${tally.hung - before.hung}, ` +
        `well again after ${(recoveredMs / 1000).toFixed(1)} s`,
    );
  }
}

/** Waits until nothing has failed for a while. */
async function calm({ load: { tally } }: Scene, calmMs: number): Promise<void> {
  const end = performance.now() + drainMs;
  const startedAt = performance.now();
  for (;;) {
    await sleep(100);
    const now = performance.now();
    if (now - Math.max(tally.lastFailureAt, startedAt) >= calmMs) return;
    assert.ok(now < end, `calls go on failing: ${describe(tally.failed)}`);
  }
}

async function judge({ scheme, say }: ChaosPlan, { load, cluster }: Scene): Promise<void> {
  await load.stop();
  const end = Date.now() + drainMs;
  while (load.missing().length > 0 && Date.now() < end) await sleep(200);
  // A call that was given up may run still; what runs twice would have done so by now.
  await sleep(Math.min(timeoutMs, 1_000));
  const { tally } = load;
  const lost = load.missing();
  const doubled = load.doubled();
  say(
    `${scheme.padEnd(6)} ${'in all'.padEnd(34)} sent ${tally.sent}, answered ${tally.answered}, ` +
      `asynchronous calls accepted ${load.accepted.size}, lost ${lost.length}, ` +
      `run twice where that is forbidden ${doubled.length}, hung ${tally.hung}`,
  );
  say(`${scheme.padEnd(6)} ${'failed clearly, by component'.padEnd(34)} ${describe(tally.failed)}`);
  const logs = (): string =>
    cluster.members.map(({ name, output }) => `${name}: ${output}`).join('\n');
  assert.equal(tally.hung, 0, 'no call hangs');
  assert.deepEqual(tally.unclear, [], 'every error names its component');
  assert.deepEqual(doubled, [], 'nothing runs twice that may not');
  if (lost.length > 0) console.error(logs().slice(-20_000));
  assert.deepEqual(lost, [], 'nothing that was accepted is lost');
}

function total(failed: Map<string, number>): number {
  return [...failed.values()].reduce((sum, count) => sum + count, 0);
}

function describe(failed: Map<string, number>): string {
  const all = [...failed].map(([what, count]) => `${what} ${count}`);
  return all.join(', ') || 'none';
}
