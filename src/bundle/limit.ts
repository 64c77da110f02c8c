/** What a bundle may not go over, and which option each limit belongs to. */
import { FuncatronError } from '../errors.ts';

const mib = 2 ** 20;

/** Each limit: its option, its default, and what it bounds. */
export const bundleLimits = {
  fileBytesMax: {
    flag: '--bundle-max',
    default: 256 * mib,
    what: 'the file',
    unit: 'bytes',
  },
  entriesMax: {
    flag: '--bundle-entries-max',
    default: 20_000,
    what: 'the number of entries',
    unit: '',
  },
  unpackedBytesMax: {
    flag: '--bundle-unpacked-max',
    default: 1024 * mib,
    what: 'the unpacked size',
    unit: 'bytes',
  },
  entryBytesMax: {
    flag: '--bundle-entry-max',
    default: 512 * mib,
    what: 'the unpacked size of one entry',
    unit: 'bytes',
  },
  ratioMax: {
    flag: '--bundle-ratio-max',
    default: 200,
    what: 'the unpacked size over the size of the file',
    unit: 'times',
  },
  pathBytesMax: {
    flag: '--bundle-path-max',
    default: 1024,
    what: 'the path of an entry',
    unit: 'bytes',
  },
  contractBytesMax: {
    flag: '--contract-max',
    default: 8 * mib,
    what: 'the contract',
    unit: 'bytes',
  },
} as const satisfies Record<string, Limit>;

interface Limit {
  flag: string;
  default: number;
  what: string;
  unit: string;
}

export type LimitName = keyof typeof bundleLimits;
export type BundleLimits = Record<LimitName, number>;

/** The given limits, defaults for the rest. */
export function fillLimits(given: Partial<BundleLimits> = {}): BundleLimits {
  const names = Object.keys(bundleLimits) as LimitName[];
  const pairs = names.map((name) => [name, given[name] ?? bundleLimits[name].default]);
  return Object.fromEntries(pairs) as BundleLimits;
}

/** For a bundle that was read under limits once, which may have been others than today's. */
export const noLimits: BundleLimits = fillLimits(
  Object.fromEntries(Object.keys(bundleLimits).map((name) => [name, Infinity])),
);

/** Throws `bundle_too_large` when `found` is over the limit; `where` names the entry, if one. */
export function assertLimit(
  name: LimitName,
  found: number,
  limits: BundleLimits,
  where = '',
): void {
  if (found <= limits[name]) return;
  const { flag, what, unit } = bundleLimits[name];
  const size = `${found} ${unit}`.trim();
  const most = `${limits[name]} ${unit}`.trim();
  throw new FuncatronError(
    'bundle_too_large',
    `${where && `${where}: `}${what} is ${size}, over the limit of ${most}; ` +
      `make the bundle smaller or raise ${flag}`,
  );
}
