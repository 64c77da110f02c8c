/** A Tron as its options describe it: alone in its process, or beside the others in `serve`. */
import type { bundleOptions, frontendOptions, tronOptions } from '../../config/options.ts';
import type { Values } from '../../config/option.ts';
import type { BundleFiles, Store } from '../../store/store.ts';
import { createTron } from '../../tron/tron.ts';
import type { Tron } from '../../tron/tron.ts';
import { limitsOf } from '../bundle-limit.ts';
import type { Parts } from './part.ts';

export type TronPartOptions = Values<typeof tronOptions & typeof bundleOptions> &
  Pick<Values<typeof frontendOptions>, 'bodyMax'> & {
    /** Bundles may lack Funcs. */
    dev: boolean;
  };

export function openTron(
  options: TronPartOptions,
  parts: Parts & { store: Store; files: BundleFiles },
): Tron {
  const { broker, store, files, log, metrics } = parts;
  const { bundleMax, bodyMax, uploadsMax, dev } = options;
  return createTron(
    { broker, store, files, log, metrics },
    {
      ...{ bundleMax, bodyMax, uploadsMax, allowMissing: dev },
      bundleLimits: limitsOf(options),
      enableTimeoutMs: options.enableTimeout,
      logLinesMax: options.logLines,
    },
  );
}
