/** A runner as its options describe it: alone in its process, or beside the others in `serve`. */
import type { runnerOptions } from '../../config/options.ts';
import type { Values } from '../../config/option.ts';
import type { SecretSource } from '../../control/secret-wire.ts';
import type { BundleSource } from '../../runner/provision.ts';
import type { RunnerOptions } from '../../runner/option.ts';
import { Runner } from '../../runner/runner.ts';
import type { ServingParts } from './part.ts';

export type RunnerPartOptions = Values<typeof runnerOptions> & {
  /** Stacks in answers, responses enforced. */
  dev: boolean;
  runtimes?: RunnerOptions['runtimes'];
};

export function createRunner(
  options: RunnerPartOptions,
  parts: ServingParts & { bundles: BundleSource; secrets: SecretSource },
  dirs: { unpacked: string; sockets: string },
  alone: Pick<RunnerOptions, 'control' | 'url'> = {},
): Runner {
  const { broker, contracts, bundles, secrets, log, metrics } = parts;
  const { warm, prefetch, drain, dev } = options;
  return new Runner({
    ...{ broker, contracts, bundles, secrets, metrics, warm, prefetch },
    log,
    dir: dirs.unpacked,
    socketDir: dirs.sockets,
    drainMs: drain,
    replyBytesMax: options.replyMax,
    jvmMemoryBytesMax: options.jvmMemory,
    hopsMax: options.hopsMax,
    resultBytesMax: options.resultMax,
    stacks: dev,
    responseMode: dev ? 'enforce' : 'report',
    runtimes: options.runtimes,
    ...alone,
  });
}
