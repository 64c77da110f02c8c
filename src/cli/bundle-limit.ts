import type { BundleLimits } from '../bundle/limit.ts';
import type { bundleOptions } from '../config/options.ts';
import type { Values } from '../config/option.ts';

export type LimitValues = Values<typeof bundleOptions>;

/** The limits of bundles as the options give them. */
export function limitsOf(options: LimitValues): BundleLimits {
  return {
    fileBytesMax: options.bundleMax,
    entriesMax: options.bundleEntriesMax,
    unpackedBytesMax: options.bundleUnpackedMax,
    entryBytesMax: options.bundleEntryMax,
    ratioMax: options.bundleRatioMax,
    pathBytesMax: options.bundlePathMax,
    contractBytesMax: options.contractMax,
  };
}
