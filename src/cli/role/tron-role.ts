/** A Tron in a process of its own. */
import { join, resolve } from 'node:path';
import { openBroker } from '../../broker/broker.ts';
import type { TronRoleOptions } from '../../config/role-options.ts';
import type { Log } from '../../log.ts';
import { Metrics } from '../../metrics.ts';
import { openBundleFiles, openStores } from '../../store/store.ts';
import type { Tron } from '../../tron/tron.ts';
import { Closing } from '../closing.ts';
import { openDataDir } from '../data-dir.ts';
import { assertServer, brokerOptions } from './broker-part.ts';
import { readDirect } from './direct-part.ts';
import { openTron } from './tron-part.ts';

export interface TronRole {
  readonly tron: Tron;
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Rejects with `option_invalid` (another Tron on the broker has another store, too), `store_failed`,
 * `address_in_use` or `broker_unavailable`.
 */
export async function startTron(options: TronRoleOptions, log: Log): Promise<TronRole> {
  const closing = new Closing();
  const tron = await closing.guard(() => start(options, log, closing));
  return { tron, url: tron.url, close: () => closing.close() };
}

async function start(options: TronRoleOptions, log: Log, closing: Closing): Promise<Tron> {
  assertServer(options.broker, 'tron');
  const dirs = await openDataDir(join(resolve(options.data), 'tron'));
  closing.add(() => dirs.release());
  const broker = await openBroker(options.broker, {
    ...brokerOptions(options, log),
    direct: readDirect(options, log),
    onRestored: () => tron.wake(),
  });
  closing.add(() => broker.close());
  const stores = await openStores(options.store || `sqlite:${dirs.database}`);
  closing.add(() => stores.close());
  const { bundleStore: url, bundleCacheMax: cacheBytesMax } = options;
  const files = await openBundleFiles(dirs.bundles, log, { url, cacheBytesMax });
  const parts = { broker, stores, files, root: dirs.root, metrics: new Metrics() };
  const tron = openTron(
    { ...options, dev: false },
    { ...parts, log: log.child({ component: 'tron' }) },
  );
  closing.add(() => tron.close());
  await tron.listen({ host: options.tronHost, port: options.tronPort });
  return tron;
}
