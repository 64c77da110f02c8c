/**
 * JSON Web Tokens as bearer tokens (RFC 6750, RFC 9068): signature, issuer, audience and times by
 * jose; scopes here. Tokens that were found good are remembered, never longer than they last.
 */
import { hash } from 'node:crypto';
import type * as Jose from 'jose';
import type { JWTPayload } from 'jose';
import type { LRUCache } from 'lru-cache';
import type { Identity } from '../message.ts';
import type { SecurityScheme } from './contract.ts';
import { judge, quote, readAuthorization, type Outcome, type Verify } from './credential.ts';
import type { JwtProps } from './jwt-props.ts';
import { createPause, KeysUnavailable, openKeySource } from './token-key.ts';
import type { KeyOptions, KeySource } from './token-key.ts';

export interface TokenOptions extends KeyOptions {
  /** Good tokens remembered, per scheme. */
  rememberedMax: number;
  /** Longest time a token is remembered: how long a withdrawn key may still work. */
  rememberedMs: number;
}

interface Opened {
  jose: typeof Jose;
  source: KeySource;
  remembered: LRUCache<string, Identity>;
}

/** `realm` names what is protected in the challenges. Loads jose at the first token. */
export function createJwtVerify(
  name: string,
  scheme: SecurityScheme,
  props: JwtProps,
  realm: string,
  options: TokenOptions,
): Verify {
  const challenge = `Bearer realm="${realm}"`;
  const rolesCount = scheme.type === 'http';
  const openPaused = createPause(options.refetchMs);
  let opened: Opened | undefined;
  let opening: Promise<Opened> | undefined;
  const open = (): Promise<Opened> => {
    opening ??= openPaused(() => load(scheme, props, options)).finally(() => (opening = undefined));
    return opening;
  };
  const verify = async (token: string, key: string): Promise<Identity> => {
    opened ??= await open();
    const payload = await verifyToken(token, opened, props);
    const identity = toIdentity(name, payload, rolesCount);
    const lastsMs = (payload.exp as number) * 1000 - Date.now();
    const ttl = Math.min(lastsMs, options.rememberedMs);
    if (ttl >= 1) opened.remembered.set(key, identity, { ttl: Math.floor(ttl) });
    return identity;
  };
  return (credentials, scopes) => {
    const token = readAuthorization(credentials.headers, 'bearer');
    if (token === undefined) {
      return { refusal: { code: 'unauthorized', detail: 'Send a bearer token.', challenge } };
    }
    const key = hash('sha256', token, 'base64');
    const known = opened?.remembered.get(key);
    if (known) return judge(known, scopes, challenge);
    return verify(token, key).then(
      (identity) => judge(identity, scopes, challenge),
      (error: unknown) => refuse(error, name, challenge),
    );
  };
}

async function load(
  scheme: SecurityScheme,
  props: JwtProps,
  options: TokenOptions,
): Promise<Opened> {
  const [jose, { LRUCache }] = await Promise.all([import('jose'), import('lru-cache')]);
  const source = await openKeySource(props, scheme.openIdConnectUrl, jose, options);
  return { jose, source, remembered: new LRUCache({ max: options.rememberedMax }) };
}

async function verifyToken(
  token: string,
  { jose, source }: Opened,
  { audience, algorithms, leewayS }: JwtProps,
): Promise<JWTPayload> {
  const options = {
    algorithms,
    clockTolerance: leewayS,
    requiredClaims: ['exp'],
    ...(source.issuer !== undefined && { issuer: source.issuer }),
    ...(audience !== undefined && { audience }),
  };
  const { key } = source;
  if (typeof key !== 'function') return (await jose.jwtVerify(token, key, options)).payload;
  try {
    return (await jose.jwtVerify(token, key, options)).payload;
  } catch (error) {
    if (!(error instanceof jose.errors.JWKSMultipleMatchingKeys)) throw error;
    // A token that names no key, while the issuer changes from one to the next.
    for await (const one of error) {
      try {
        return (await jose.jwtVerify(token, one, options)).payload;
      } catch (inner) {
        if (!(inner instanceof jose.errors.JWSSignatureVerificationFailed)) throw inner;
      }
    }
    throw new jose.errors.JWSSignatureVerificationFailed();
  }
}

function toIdentity(name: string, claims: JWTPayload, rolesCount: boolean): Identity {
  const said = [claims['scope'], claims['scp'], claims['scopes']];
  // 3.1.1, 4.8.30: of an http scheme, a requirement lists roles.
  if (rolesCount) said.push(claims['roles']);
  const scopes = said.flatMap((value) =>
    typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [],
  );
  const names = scopes.filter((scope) => typeof scope === 'string' && scope !== '') as string[];
  const subject = typeof claims.sub === 'string' ? { subject: claims.sub } : {};
  return { scheme: name, ...subject, scopes: [...new Set(names)], claims };
}

function refuse(error: unknown, name: string, challenge: string): Outcome {
  if (error instanceof KeysUnavailable) {
    const detail = `The keys that tokens for ${name} are verified with cannot be had now; try later.`;
    return { refusal: { code: 'security_unavailable', detail, cause: error } };
  }
  const why = describe(error);
  const said = `${challenge}, error="invalid_token", error_description=${quote(why)}`;
  const detail = `The bearer token is not valid: ${why}.`;
  return { refusal: { code: 'unauthorized', detail, challenge: said } };
}

/** Rethrows what is no judgement on the token. */
function describe(error: unknown): string {
  const { code, claim } = error as { code?: string; claim?: string };
  switch (code) {
    case 'ERR_JWT_EXPIRED':
      return 'it has expired';
    case 'ERR_JWT_CLAIM_VALIDATION_FAILED':
      return `its claim ${claim} is missing or does not fit`;
    case 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED':
      return 'its signature does not verify';
    case 'ERR_JWKS_NO_MATCHING_KEY':
      return 'the issuer has no such key';
    case 'ERR_JOSE_ALG_NOT_ALLOWED':
      return 'its algorithm is not allowed';
  }
  if (!code?.startsWith('ERR_J')) throw error;
  return 'it is no signed JSON Web Token';
}
