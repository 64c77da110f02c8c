import type { Broker } from '../broker/broker.ts';
import type { SecretSource } from '../control/secret-wire.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { ContractSource } from '../openapi/contract.ts';
import type { ResponseMode } from './check.ts';
import type { RunnerControlOptions } from './control.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { BundleSource } from './provision.ts';

export interface RunnerOptions {
  broker: Broker;
  contracts: ContractSource;
  bundles: BundleSource;
  /** Where the secrets are had from that bundles name; absent: there are none. */
  secrets?: SecretSource;
  log: Log;
  metrics: Metrics;
  /** Folder bundles are unpacked in. */
  dir: string;
  /** Folder for workers' sockets; a short path. */
  socketDir: string;
  /** Unassigned workers kept ready per runtime kind (`--warm`). */
  warm: number;
  /** Calls one queue hands this runner at a time, at most (`--prefetch`). */
  prefetch: number;
  /** What one program of the `process` runtime may write as its answer (`--reply-max`). */
  replyBytesMax?: number;
  /** Heap of the JVM that bundles share (`--jvm-memory`). Default 1 GiB. */
  jvmMemoryBytesMax?: number;
  /** Bytes kept of what an asynchronous call answers (`--result-max`). Default 1 MiB. */
  resultBytesMax?: number;
  /** Funcs that may follow one another by `x-funcatron.then` (`--hops-max`). Default 16. */
  hopsMax?: number;
  /** Time calls in hand get to end when the runner closes, in milliseconds (`--drain`). */
  drainMs: number;
  /** Failures carry the Func's stack (dev only). */
  stacks: boolean;
  responseMode: ResponseMode;
  /** Where it keeps its routes, and what it does with what else the Trons say. */
  control?: Pick<RunnerControlOptions, 'file' | 'onRoutes' | 'onTron' | 'onTronGone' | 'onStatsD'>;
  /** Where its health and metrics are. */
  url?: () => string;
  /** Runtimes beside those that `openRuntime` knows. */
  runtimes?: readonly Runtime[] | undefined;
}

export interface EnableOptions {
  prepare: boolean;
  /** Serve it though the code lacks Funcs: those answer 501 (dev). */
  allowMissing: boolean;
}
