/** What a frontend and a runner have in common when each is a process of its own. */
import { join, resolve } from 'node:path';
import type { Broker } from '../../broker/broker.ts';
import { openBroker } from '../../broker/broker.ts';
import type { copyOptions, queueOptions } from '../../config/options.ts';
import type { nodeOptions } from '../../config/role-options.ts';
import type { Values } from '../../config/option.ts';
import type { SecretSource } from '../../control/secret-wire.ts';
import type { NodeOptions } from '../../control/node.ts';
import { TronList } from '../../control/tron-list.ts';
import type { Log } from '../../log.ts';
import { Metrics } from '../../metrics.ts';
import { StatsDSender } from '../../observe/statsd.ts';
import { StatusServer } from '../../observe/status-server.ts';
import type { BundleCache } from '../../store/bundle-cache.ts';
import type { BundleHost } from '../../store/bundle-fetch.ts';
import { fetchSecrets, openBundleCache } from '../../store/store.ts';
import type { Closing } from '../closing.ts';
import { ContractCache } from '../contract-cache.ts';
import { openDataDir } from '../data-dir.ts';
import type { DataDir } from '../data-dir.ts';
import { assertServer, brokerOptions } from './broker-part.ts';
import { readDirect } from './direct-part.ts';
import type { DirectPartOptions } from './direct-part.ts';

export type NodeBaseOptions = Values<
  typeof nodeOptions & typeof queueOptions & typeof copyOptions
> &
  DirectPartOptions & {
    bundleMax: number;
  };

/** A bundle may be asked for before any Tron was heard of. */
const firstTronMs = 5_000;

export interface NodeBase {
  dirs: DataDir;
  broker: Broker;
  bundles: BundleCache;
  contracts: ContractCache;
  secrets: SecretSource;
  metrics: Metrics;
  status: StatusServer;
  control: Pick<NodeOptions, 'file' | 'onRoutes' | 'onTron' | 'onTronGone' | 'onStatsD'>;
}

export interface NodeHooks {
  /** SHAs of bundles that are enabled. */
  wanted(): ReadonlySet<string>;
  /** SHAs of bundles that must stay on disk. */
  inUse(): ReadonlySet<string>;
  onDropped?(dirs: DataDir, sha: string): Promise<void>;
  /** The broker is there again. */
  onRestored(): void;
}

/** Opens all of it; `closing` closes it again. `role` names the folder below `--data`. */
export async function openNodeBase(
  role: 'frontend' | 'runner',
  options: NodeBaseOptions,
  log: Log,
  closing: Closing,
  hooks: NodeHooks,
): Promise<NodeBase> {
  assertServer(options.broker, role);
  const dirs = await openDataDir(join(resolve(options.data), role));
  closing.add(() => dirs.release());
  const broker = await openBroker(options.broker, {
    ...brokerOptions(options, log),
    direct: readDirect(options, log),
    onRestored: () => hooks.onRestored(),
  });
  closing.add(() => broker.close());
  const trons = new TronList();
  const metrics = new Metrics();
  const statsd = new StatsDSender(metrics, log);
  closing.add(() => statsd.close());
  const status = new StatusServer(metrics);
  closing.add(() => status.close());
  const hosts = async (): Promise<readonly BundleHost[]> => {
    await trons.waitForOne(firstTronMs);
    return trons.list();
  };
  const bundles = await openBundleCache({
    dir: dirs.bundles,
    bundleMax: options.bundleMax,
    cacheMax: options.bundleCacheMax,
    hosts,
    inUse: () => hooks.inUse(),
    onDropped: async (sha) => hooks.onDropped?.(dirs, sha),
    log,
  });
  return {
    ...{ dirs, broker, bundles, metrics, status },
    secrets: { read: async (wants) => fetchSecrets(wants, await hosts()) },
    contracts: new ContractCache((sha) => bundles.path(sha)),
    control: {
      file: join(dirs.root, 'routes.json'),
      onRoutes: () => void bundles.fill(hooks.wanted()),
      onTron: (info) => {
        trons.hear(info);
        void bundles.fill(hooks.wanted());
      },
      onTronGone: (id) => trons.forget(id),
      onStatsD: (server) => statsd.follow(server),
    },
  };
}
