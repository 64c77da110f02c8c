import type { BundleLimits } from '../bundle/limit.ts';
import { callDeskDefaults } from './call-option.ts';
import type { CallDeskOptions } from './call-option.ts';
import type { BuildImage } from './gateway/builder.ts';
import type { BasicAuth } from './gateway/credential.ts';
import type { SecretKeyOptions } from './gateway/secret-key.ts';

/** What a Tron can be told, and what it does when it is not. */
export interface TronOptions {
  /** Bytes a bundle file may have (`--bundle-max`). Default 256 MiB. */
  bundleMax: number;
  /** What else bounds a bundle; `bundleLimits` has the defaults. */
  bundleLimits: Partial<BundleLimits>;
  /** Bytes the body of any other request may have (`--body-max`). Default 10 MiB. */
  bodyMax: number;
  /** Uploads taken at a time (`--uploads-max`). Default 8. */
  uploadsMax: number;
  /** Time runners get to make an enabled bundle ready (`--enable-timeout`). Default 30 s. */
  enableTimeoutMs: number;
  /** Time frontends get to take a new route table. Default 5 s. */
  routeTimeoutMs: number;
  /** Log lines of Funcs kept for `funcatron logs` (`--log-lines`). Default 10,000. */
  logLinesMax: number;
  /** What was enabled at a place before, kept for rollback. Default 20. */
  pastMax: number;
  asyncCalls: CallDeskOptions;
  /** Where nodes and other Trons reach this one (`--tron-url`); default: where it listens. */
  url: string;
  /** Every Tron has a disk of its own for bundles, and keeps copies of what others took. */
  copies: boolean;
  /** No other Tron can be on the broker, which is inside this process. */
  alone: boolean;
  /** Folder of the images that functions may name (`--images`); empty for none. */
  images: string;
  /** Who may administer functions, beside whoever has a token (`--basic-auth`). */
  basicAuth: BasicAuth | undefined;
  /** File of the key that builds are signed with (`--payload-secret`); empty: none is taken. */
  payloadSecret: string;
  /** Makes an image of what is sent to be built; absent: nothing can be. */
  buildImage?: BuildImage;
  /** What secrets are encrypted with (`--secrets-key`). */
  secretsKey: SecretKeyOptions;
  /** Scale what is enabled by its load (`--autoscale`). */
  autoscale: boolean;
  /** Enable bundles whose code lacks Funcs: those answer 501 (dev only). */
  allowMissing: boolean;
}

const mib = 2 ** 20;

export const tronDefaults: TronOptions = {
  bundleMax: 256 * mib,
  bundleLimits: {},
  bodyMax: 10 * mib,
  uploadsMax: 8,
  enableTimeoutMs: 30_000,
  routeTimeoutMs: 5_000,
  logLinesMax: 10_000,
  pastMax: 20,
  asyncCalls: callDeskDefaults,
  url: '',
  copies: false,
  alone: true,
  images: '',
  basicAuth: undefined,
  payloadSecret: '',
  secretsKey: { file: '', isOwn: false },
  autoscale: true,
  allowMissing: false,
};
