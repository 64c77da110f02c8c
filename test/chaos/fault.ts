/** What goes wrong, and how it is put right again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Member } from './cluster.ts';
import { queueMax } from './scene.ts';
import type { Scene } from './scene.ts';

/** Where clients are not told why, as those they speak with are gone. */
export const silentFault = 'kill -9 a frontend';

export const faults: Record<string, (scene: Scene) => Promise<void>> = {
  'kill -9 a runner': ({ cluster }) => killAndRestart(cluster.all('runner')[0]!),
  [silentFault]: ({ cluster }) => killAndRestart(cluster.all('frontend')[1]!),
  'kill -9 the leading Tron': async (scene) => killAndRestart(await leader(scene)),
  'restart the broker': ({ broker }) => broker.restart(),
  'kill -9 the broker': async ({ broker }) => {
    await broker.kill();
    await sleep(1_000);
    await broker.restart();
  },
  'stop the store': async ({ store }) => {
    await store.kill();
    await sleep(2_000);
    await store.restart();
  },
  'cut a host from the others': async ({ link, cutMs }) => {
    link.cut();
    await sleep(cutMs);
    link.heal();
  },
  'fill a queue': async ({ load }) => {
    const calls = Array.from({ length: 2 * queueMax }, (_, index) => load.send('slow', index));
    await Promise.all(calls);
  },
};

async function killAndRestart(member: Member): Promise<void> {
  await member.kill();
  await sleep(1_000);
  await member.start();
}

/** The Tron that leads, as they say themselves. */
async function leader({ cluster }: Scene): Promise<Member> {
  const trons = cluster.all('tron');
  const response = await fetch(`${trons[0]!.url}/api/v1/nodes`);
  const nodes = (await response.json()) as { url?: string; leads?: boolean }[];
  const { url } = nodes.find(({ leads }) => leads) ?? {};
  const found = trons.find((tron) => url && new URL(url).port === new URL(tron.url).port);
  if (!found) throw new Error(`no Tron leads: ${JSON.stringify(nodes)}`);
  return found;
}
