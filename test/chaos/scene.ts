/** What is broken on purpose: a cluster under load, its broker and its store. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deploy } from '../fixture/bundle.ts';
import { startKafka } from '../server/kafka.ts';
import { startPostgres } from '../server/postgres.ts';
import { freePort } from '../server/server.ts';
import type { TestServer } from '../server/server.ts';
import { startTestServer } from '../server/start.ts';
import type { BrokerScheme } from '../server/start.ts';
import { chaosBundle, largeBytes } from './bundle.ts';
import { Cluster } from './cluster.ts';
import type { MemberPlan } from './cluster.ts';
import { openLink } from './link.ts';
import type { Link } from './link.ts';
import { Load } from './load.ts';

export interface Scene {
  cluster: Cluster;
  broker: TestServer;
  store: TestServer;
  /** The wire of the last runner to all others. */
  link: Link;
  /** How long it stays cut. */
  cutMs: number;
  load: Load;
}

/** Calls that may wait in one queue. */
export const queueMax = 300;

/** What has to be ended is put in `ends` as soon as it runs, to be called from the last on. */
export async function openScene(
  { scheme, cutMs }: { scheme: BrokerScheme; cutMs: number },
  ends: (() => unknown)[],
): Promise<Scene> {
  const link = openLink();
  ends.push(() => link.close());
  const { broker, farUrl } = await startBroker(scheme, link);
  ends.push(() => broker.stop());
  const store = await startPostgres();
  ends.push(() => store.stop());
  const plans = await plan(broker.url, farUrl, store.url, link);
  const cluster = await Cluster.start(plans);
  ends.push(() => cluster.close());
  const notes = join(cluster.dir, 'notes');
  const load = new Load(() => cluster.all('frontend').filter(({ isOpen }) => isOpen), notes);
  ends.push(() => load.stop());
  await deploy({ tron: cluster.all('tron')[0]!.url }, chaosBundle(notes));
  for (const frontend of cluster.all('frontend'))
    while (!(await fetch(`${frontend.url}/chaos/read?id=x`)).ok) await sleep(50);
  return { cluster, broker, store, link, cutMs, load };
}

/** And its URL as the far host sees it. */
async function startBroker(scheme: BrokerScheme, link: Link) {
  if (scheme !== 'kafka') {
    const broker = await startTestServer(scheme);
    return { broker, farUrl: await seenFrom(link, broker.url) };
  }
  // It tells its clients where to connect to, so the far host needs a port of its own.
  const port = await freePort();
  const seenAt = await link.reach(port);
  const broker = await startKafka({ also: { port, seenAt } });
  return { broker, farUrl: `kafka://${seenAt.host}:${seenAt.port}` };
}

async function seenFrom(link: Link, url: string): Promise<string> {
  const seen = new URL(url);
  const { host, port } = await link.reach(Number(seen.port));
  // `hostname` cannot be set in URLs of schemes that the standard does not know.
  return url.replace(`${seen.hostname}:${seen.port}`, `${host}:${port}`);
}

/** Two of each role; the second runner is on the far host. */
async function plan(
  broker: string,
  farBroker: string,
  store: string,
  link: Link,
): Promise<MemberPlan[]> {
  const stall = ['--stall-timeout', '5s'];
  const direct = [...stall, '--direct-over', String(largeBytes / 2)];
  const queue = ['--queue-max', String(queueMax)];
  const plans: MemberPlan[] = [];
  for (const name of ['t0', 't1']) {
    const port = await freePort();
    const seen = await link.reach(port);
    const url = ['--tron-url', `http://${seen.host}:${seen.port}`];
    plans.push({ role: 'tron', name, port, args: ['--broker', broker, '--store', store, ...url] });
  }
  const near = ['--direct-host', '127.0.0.1'];
  plans.push({ role: 'runner', name: 'r0', args: ['--broker', broker, ...direct, ...near] });
  plans.push({
    role: 'runner',
    name: 'r1',
    args: ['--broker', farBroker, ...direct, ...(await link.direct())],
    command: (program, args) => link.command(program, args),
  });
  for (const name of ['f0', 'f1'])
    plans.push({ role: 'frontend', name, args: ['--broker', broker, ...direct, ...queue] });
  return plans;
}
