/** A Tron as its options describe it: alone in its process, or beside the others in `serve`. */
import { join, resolve } from 'node:path';
import type {
  bundleOptions,
  frontendOptions,
  queueOptions,
  stateOptions,
  tronOptions,
} from '../../config/options.ts';
import type { functionDeskOptions } from '../../config/gateway-options.ts';
import type { Values } from '../../config/option.ts';
import { FuncatronError } from '../../errors.ts';
import type { BundleFiles, Stores } from '../../store/store.ts';
import { createTron } from '../../tron/tron.ts';
import type { Tron } from '../../tron/tron.ts';
import type { TronOptions } from '../../tron/option.ts';
import { limitsOf } from '../bundle-limit.ts';
import { readCallbackAllow } from '../callback-option.ts';
import { readBasicAuth } from '../basic-auth.ts';
import { isEmbedded } from './broker-part.ts';
import type { Parts } from './part.ts';

export type TronPartOptions = Values<
  typeof tronOptions & typeof bundleOptions & typeof functionDeskOptions
> &
  Pick<Values<typeof frontendOptions>, 'bodyMax'> &
  Pick<Values<typeof queueOptions>, 'asyncTries'> &
  Pick<Values<typeof stateOptions>, 'broker' | 'store'> & {
    /** Bundles may lack Funcs. */
    dev: boolean;
  };

export function openTron(
  options: TronPartOptions,
  parts: Parts & { stores: Stores; files: BundleFiles; root: string },
): Tron {
  const { broker, stores, files, log, metrics } = parts;
  const { state: store, calls, letters, tallies } = stores;
  // The store of a data folder is locked with it: nobody else can have it.
  const leases = options.store ? stores.leases : undefined;
  const { bundleMax, bodyMax, uploadsMax, dev, tronUrl: url } = options;
  if (url !== '' && !/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    throw new FuncatronError(
      'option_invalid',
      `--tron-url ${url}: give one such as http://tron:3000`,
    );
  return createTron(
    { broker, store, calls, letters, tallies, ...(leases && { leases }), files, log, metrics },
    {
      ...{ bundleMax, bodyMax, uploadsMax, allowMissing: dev },
      autoscale: options.autoscale === 'on',
      bundleLimits: limitsOf(options),
      enableTimeoutMs: options.enableTimeout,
      logLinesMax: options.logLines,
      url,
      copies: options.bundleStore === '',
      alone: isEmbedded(options.broker),
      asyncCalls: callDeskOptions(options),
      images: options.images ? resolve(options.images) : join(parts.root, 'images'),
      payloadSecret: options.payloadSecret && resolve(options.payloadSecret),
      buildImage: async (context, limits) => {
        const { buildContext } = await import('../stack/context-image.ts');
        return buildContext(context, limits);
      },
      secretsKey: secretsKeyOf(options, parts.root),
      basicAuth: readBasicAuth(options.basicAuth, process.env),
    },
  );
}

/** A key in a data folder is that of one Tron: several on one store need the same. */
function secretsKeyOf({ secretsKey, store }: TronPartOptions, root: string) {
  if (secretsKey !== '') return { file: resolve(secretsKey), isOwn: false };
  if (store.startsWith('postgres')) return { file: '', isOwn: false };
  return { file: join(root, 'secrets.key'), isOwn: true };
}

function callDeskOptions(options: TronPartOptions): TronOptions['asyncCalls'] {
  const { deadMax, asyncTries, callbackSecret } = options;
  return {
    ...{ deadMax, asyncTries, callbackSecret },
    callsKeepMs: options.callsKeep,
    idempotencyKeepMs: options.idempotencyKeep,
    callbackAllow: readCallbackAllow(options.callbackAllow),
    callbackTimeoutMs: options.callbackTimeout,
  };
}
