/**
 * The whole platform in one process: broker, store, Tron, runner and frontend, wired together.
 * They are strangers still: what one tells another goes through the broker.
 */
import type { Broker, BrokerOptions } from '../broker/broker.ts';
import { openBroker } from '../broker/broker.ts';
import { createFrontend } from '../frontend/frontend.ts';
import type { Frontend } from '../frontend/frontend.ts';
import type { FrontendOptions } from '../frontend/option.ts';
import type { ServeOptions } from '../config/options.ts';
import type { Log } from '../log.ts';
import { Metrics } from '../metrics.ts';
import type { ContractSource } from '../openapi/contract.ts';
import { Runner } from '../runner/runner.ts';
import { openBundleFiles, openStore } from '../store/store.ts';
import type { BundleFiles, Store } from '../store/store.ts';
import { createTron } from '../tron/tron.ts';
import type { Tron } from '../tron/tron.ts';
import { limitsOf } from './bundle-limit.ts';
import { Closing } from './closing.ts';
import { ContractCache } from './contract-cache.ts';
import { readCors } from './cors-option.ts';
import { openDataDir } from './data-dir.ts';

export interface PlatformOptions extends ServeOptions {
  /** Stacks in answers, Funcs that may be missing, responses enforced, docs at the door. */
  dev: boolean;
  beforeCall?: FrontendOptions['beforeCall'];
  notice?: FrontendOptions['notice'];
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
  const broker = await openBroker(options.broker, brokerOptions(options, log, dirs.journal));
  closing.add(() => broker.close());
  const store = await openStore(options.store || `sqlite:${dirs.database}`);
  closing.add(() => store.close());
  const files = await openBundleFiles(dirs.bundles, log);
  const contracts = new ContractCache((sha) => files.path(sha));
  const metrics = new Metrics();
  const shared = { broker, contracts, log, metrics, files, store };
  const tron = openTron(options, shared);
  closing.add(() => tron.close());
  await tron.listen({ host: options.tronHost, port: options.tronPort });
  const runner = createRunner(options, shared, dirs);
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

function brokerOptions(options: PlatformOptions, log: Log, dataDir: string): BrokerOptions {
  const { queueMax, queueBytesMax, journalMax, asyncTries } = options;
  return { log, dataDir, queueMax, queueBytesMax, journalMax, retry: { triesMax: asyncTries } };
}

/** In dev the platform's own comings and goings are noise; `--log-level debug` shows them. */
function partLog({ dev, logLevel }: PlatformOptions, log: Log, component: string): Log {
  const quiet = dev && logLevel === 'info';
  return log.child({ component }, quiet ? { level: 'warn' } : {});
}

interface Shared {
  broker: Broker;
  store: Store;
  files: BundleFiles;
  contracts: ContractCache;
  log: Log;
  metrics: Metrics;
}

function openTron(options: PlatformOptions, { broker, store, files, log, metrics }: Shared): Tron {
  const { bundleMax, bodyMax, uploadsMax, dev } = options;
  return createTron(
    { broker, store, files, log: partLog(options, log, 'tron'), metrics },
    {
      ...{ bundleMax, bodyMax, uploadsMax, allowMissing: dev },
      bundleLimits: limitsOf(options),
      enableTimeoutMs: options.enableTimeout,
      logLinesMax: options.logLines,
    },
  );
}

function createRunner(
  options: PlatformOptions,
  { broker, contracts, files, log, metrics }: Shared,
  dirs: { unpacked: string; sockets: string },
): Runner {
  const { warm, prefetch, drain, dev } = options;
  return new Runner({
    ...{ broker, contracts, metrics, bundles: files, warm, prefetch },
    log,
    dir: dirs.unpacked,
    socketDir: dirs.sockets,
    drainMs: drain,
    replyBytesMax: options.replyMax,
    stacks: dev,
    responseMode: dev ? 'enforce' : 'report',
  });
}

function openFrontend(options: PlatformOptions, parts: Shared): Frontend {
  const { broker, contracts, log, metrics } = parts;
  const { bodyMax, headersMax, uriMax, connectionsMax, accessLog, dev } = options;
  return createFrontend({
    ...{ broker, contracts, log, metrics },
    options: {
      ...{ bodyMax, headersMax, uriMax, connectionsMax, accessLog, dev },
      docs: dev,
      headersTimeoutMs: options.headersTimeout,
      requestTimeoutMs: options.requestTimeout,
      keepAliveMs: options.keepAlive,
      stallTimeoutMs: options.stallTimeout,
      routesWaitMs: options.routesWait,
      drainMs: options.drain,
      cors: readCors(options.cors),
      beforeCall: options.beforeCall,
      notice: options.notice,
    },
  });
}
