/** What goes wrong, and how long until all is well again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestServer } from '../server/server.ts';
import type { Cluster, Member } from './cluster.ts';
import type { Load } from './load.ts';
import type { Proxy } from './proxy.ts';

export interface Scene {
  cluster: Cluster;
  broker: TestServer;
  store: TestServer;
  /** The wire of the last runner to the broker. */
  wire: Proxy;
  load: Load;
}

export const faults: Record<string, (scene: Scene) => Promise<void>> = {
  'kill -9 a runner': ({ cluster }) => killAndRestart(cluster.all('runner')[0]!),
  'kill -9 a frontend': ({ cluster }) => killAndRestart(cluster.all('frontend')[1]!),
  'kill -9 the leading Tron': async ({ cluster }) => killAndRestart(await leader(cluster)),
  'restart the broker': ({ broker }) => broker.restart(),
  'stop the store': async ({ store }) => {
    await store.kill();
    await sleep(2_000);
    await store.restart();
  },
  'cut a runner off from the others': async ({ wire }) => {
    wire.cut();
    await sleep(6_000);
    wire.heal();
  },
  'fill a queue': async ({ load }) => {
    await Promise.all(Array.from({ length: 600 }, (_, index) => load.send('slow', index)));
  },
};

async function killAndRestart(member: Member): Promise<void> {
  await member.kill();
  await sleep(1_000);
  await member.start();
}

/** The Tron that leads, as they say themselves. */
async function leader(cluster: Cluster): Promise<Member> {
  const trons = cluster.all('tron');
  const response = await fetch(`${trons[0]!.url}/api/v1/nodes`);
  const nodes = (await response.json()) as { url?: string; leads?: boolean }[];
  const { url } = nodes.find(({ leads }) => leads) ?? {};
  return trons.find((tron) => tron.url === url) ?? trons[0]!;
}
