/**
 * The whole platform in one process: broker, store, Tron, runner and frontend, wired together.
 * They are strangers still: what one tells another goes through the broker.
 */
import { openBroker } from '../broker/broker.ts';
import type { ServeOptions } from '../config/options.ts';
import type { Frontend } from '../frontend/frontend.ts';
import type { FrontendOptions } from '../frontend/option.ts';
import type { Log } from '../log.ts';
import { Metrics } from '../metrics.ts';
import type { ContractSource } from '../openapi/contract.ts';
import type { RunnerOptions } from '../runner/option.ts';
import type { Runner } from '../runner/runner.ts';
import { openBundleFiles, openStores } from '../store/store.ts';
import type { Tron } from '../tron/tron.ts';
import { Closing } from './closing.ts';
import { ContractCache } from './contract-cache.ts';
import { openDataDir } from './data-dir.ts';
import { brokerOptions, isEmbedded } from './role/broker-part.ts';
import { readDirect } from './role/direct-part.ts';
import { openFrontend } from './role/frontend-part.ts';
import { createRunner } from './role/runner-part.ts';
import { openTron } from './role/tron-part.ts';

export interface PlatformOptions extends ServeOptions {
  /** Stacks in answers, Funcs that may be missing, responses enforced, docs at the door. */
  dev: boolean;
  beforeCall?: FrontendOptions['beforeCall'];
  notice?: FrontendOptions['notice'];
  nothingHere?: FrontendOptions['nothingHere'];
  runtimes?: RunnerOptions['runtimes'];
}

export interface Platform {
  frontend: Frontend;
  tron: Tron;
  runner: Runner;
  contracts: ContractSource;
  /** Finishes calls in flight, then ends every part and every worker. */
  close(): Promise<void>;
}

/** Starts everything. When a part does not start, the others are closed again. */
export async function startPlatform(options: PlatformOptions, log: Log): Promise<Platform> {
  const closing = new Closing();
  const parts = await closing.guard(() => start(options, log, closing));
  return { ...parts, close: () => closing.close() };
}

async function start(options: PlatformOptions, log: Log, closing: Closing) {
  const dirs = await openDataDir(options.data);
  closing.add(() => dirs.release());
  const broker = await openBroker(options.broker, {
    ...brokerOptions(options, log, dirs.journal),
    ...(!isEmbedded(options.broker) && { direct: readDirect(options, log) }),
    onRestored: () => tron.wake(),
  });
  closing.add(() => broker.close());
  const stores = await openStores(options.store || `sqlite:${dirs.database}`);
  closing.add(() => stores.close());
  const { bundleStore: url, bundleCacheMax: cacheBytesMax } = options;
  const files = await openBundleFiles(dirs.bundles, log, { url, cacheBytesMax });
  const bundles = { path: (sha: string) => tron.bundlePath(sha) };
  const contracts = new ContractCache(bundles.path);
  const shared = { broker, contracts, log, metrics: new Metrics() };
  const tron: Tron = openTron(options, {
    ...{ ...shared, log: tronLog(options, log) },
    ...{ stores, files, root: dirs.root },
  });
  closing.add(() => tron.close());
  await tron.listen({ host: options.tronHost, port: options.tronPort });
  const runner = createRunner(options, { ...shared, bundles, secrets: tron.secrets }, dirs);
  // One time for both: what the frontend took of it, the runner has no more.
  let drainEnd = Infinity;
  closing.add(() => runner.close(Math.max(0, Math.min(options.drain, drainEnd - Date.now()))));
  await runner.start();
  const frontend = openFrontend(options, shared);
  closing.add(() => {
    drainEnd = Date.now() + options.drain;
    return frontend.close();
  });
  await frontend.listen({ host: options.host, port: options.port });
  return { frontend, tron, runner, contracts };
}

/** In dev the platform's own comings and goings are noise; `--log-level debug` shows them. */
function tronLog({ dev, logLevel }: PlatformOptions, log: Log): Log {
  const quiet = dev && logLevel === 'info';
  return log.child({ component: 'tron' }, quiet ? { level: 'warn' } : {});
}
