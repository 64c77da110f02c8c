/**
 * Where the keys come from that JSON Web Tokens are verified with: a secret, a key set, or an issuer
 * that publishes one (OpenID Connect Discovery 1.0). Published keys are kept for ten minutes, and
 * fetched anew when a token names one that is not among them.
 */
import type * as Jose from 'jose';
import type { CryptoKey, JSONWebKeySet, JWTVerifyGetKey } from 'jose';
import { isObject } from './pointer.ts';
import type { JwtProps } from './jwt-props.ts';

export interface KeyOptions {
  /** Least time between two fetches of an issuer's keys, also when one fails. */
  refetchMs: number;
  fetchTimeoutMs: number;
}

/** The keys could not be fetched: nothing is said about the token. */
export class KeysUnavailable extends Error {
  override name = 'KeysUnavailable';
}

export interface KeySource {
  key: Uint8Array | JWTVerifyGetKey;
  /** Who tokens must be from; undefined for anybody who has the key. */
  issuer: string | undefined;
}

/**
 * Opens the key source of a configuration. `discoveryUrl` is the contract's own, for a
 * configuration that names no issuer. Throws KeysUnavailable when discovery fails.
 */
export async function openKeySource(
  props: JwtProps,
  discoveryUrl: string | undefined,
  jose: typeof Jose,
  options: KeyOptions,
): Promise<KeySource> {
  const { issuer, secret, jwks, jwksUri } = props;
  if (secret !== undefined) return { key: new TextEncoder().encode(secret), issuer };
  if (jwks) return { key: jose.createLocalJWKSet(jwks as unknown as JSONWebKeySet), issuer };
  if (jwksUri !== undefined) return { key: remoteKeys(jwksUri, jose, options), issuer };
  const found = await discover(issuer, discoveryUrl, options.fetchTimeoutMs);
  return { key: remoteKeys(found.jwksUri, jose, options), issuer: found.issuer };
}

function remoteKeys(uri: string, jose: typeof Jose, options: KeyOptions): JWTVerifyGetKey {
  const paused = createPause(options.refetchMs);
  const keys = jose.createRemoteJWKSet(new URL(uri), {
    cooldownDuration: options.refetchMs,
    timeoutDuration: options.fetchTimeoutMs,
    // Keys at hand go on working while others cannot be fetched.
    [jose.customFetch]: (url, init) => paused(() => fetch(url, init)),
  });
  return async (header, token): Promise<CryptoKey> => {
    try {
      return await keys(header, token);
    } catch (error) {
      throw isFetchFailure(error) ? unavailable(uri, error) : error;
    }
  };
}

/** jose has codes for what is wrong with a token; a failed fetch has others or none. */
function isFetchFailure(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  const isOfToken = typeof code === 'string' && code.startsWith('ERR_J');
  const isOfSet = ['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC'];
  return !isOfToken || isOfSet.includes(String(code));
}

/** After a failure, the same failure for a while: a dead issuer is not asked by every call. */
export function createPause(
  pauseMs: number,
): <Made>(attempt: () => Promise<Made>) => Promise<Made> {
  let failedAt = -Infinity;
  let failure: unknown;
  return async (attempt) => {
    if (performance.now() - failedAt < pauseMs) throw failure;
    try {
      return await attempt();
    } catch (error) {
      [failedAt, failure] = [performance.now(), error];
      throw error;
    }
  };
}

/** OpenID Connect Discovery 1.0, 4: the document's issuer must be the one it was asked for. */
async function discover(
  issuer: string | undefined,
  discoveryUrl: string | undefined,
  timeoutMs: number,
): Promise<{ issuer: string; jwksUri: string }> {
  const well = '/.well-known/openid-configuration';
  const url = issuer === undefined ? discoveryUrl! : `${issuer.replace(/\/$/, '')}${well}`;
  const metadata = await fetchJson(url, timeoutMs);
  const said = metadata['issuer'];
  const jwksUri = metadata['jwks_uri'];
  const isOther = issuer !== undefined && said !== issuer;
  if (
    typeof said !== 'string' ||
    isOther ||
    typeof jwksUri !== 'string' ||
    !URL.canParse(jwksUri)
  ) {
    const why = isOther ? `is of the issuer ${String(said)}` : 'lacks issuer or jwks_uri';
    throw new KeysUnavailable(`The discovery document ${url} ${why}`);
  }
  return { issuer: said, jwksUri };
}

async function fetchJson(url: string, timeoutMs: number): Promise<Record<string, unknown>> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(url, { signal, redirect: 'error' });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    const value: unknown = await response.json();
    if (!isObject(value)) throw new Error('it is no JSON object');
    return value;
  } catch (error) {
    throw unavailable(url, error);
  }
}

function unavailable(url: string, error: unknown): KeysUnavailable {
  const why = error instanceof Error ? error.message : String(error);
  return new KeysUnavailable(`${url} could not be fetched: ${why}`, { cause: error });
}
