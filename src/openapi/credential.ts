/**
 * Callers told by a secret they present: API keys, basic authentication (RFC 7617) and opaque bearer
 * tokens (RFC 6750). Secrets are compared as hashes, all of them every time, so that the time taken
 * tells nothing.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import type { Headers, Identity } from '../message.ts';
import type { SecurityScheme } from './contract.ts';
import { splitCookies, splitPairs } from './query.ts';
import type { Credential } from './security-props.ts';
import { decodePlus } from './style.ts';

export interface Credentials {
  headers: Headers;
  query: string;
}

/** Why a scheme does not let a caller in. */
export interface Refusal {
  code: 'unauthorized' | 'forbidden' | 'security_not_configured' | 'security_unavailable';
  detail: string;
  /** For WWW-Authenticate (RFC 9110, 11.6.1). */
  challenge?: string;
  /** What happened here, for our own logs only. */
  cause?: unknown;
}

export type Outcome = { identity: Identity } | { refusal: Refusal };

/** Tells who calls by one scheme. */
export type Verify = (
  credentials: Credentials,
  scopes: readonly string[],
) => Outcome | Promise<Outcome>;

/** `realm` names what is protected in the challenges. */
export function createKeyVerify(
  name: string,
  scheme: SecurityScheme,
  known: readonly Credential[],
  realm: string,
): Verify {
  const match = compileMatch(known);
  const place = scheme.in ?? 'header';
  const key = scheme.name ?? '';
  const challenge = `ApiKey realm="${realm}", in="${place}", name=${quote(key)}`;
  return (credentials, scopes) => {
    const presented = findKey(credentials, place, key);
    if (presented === undefined) {
      return refuse(`Send an API key as ${place} ${key}.`, challenge);
    }
    const found = match(presented);
    if (!found) return refuse(`The API key in ${place} ${key} is not valid.`, challenge);
    return admit(name, found, scopes);
  };
}

function findKey({ headers, query }: Credentials, place: string, key: string): string | undefined {
  if (place === 'header') return first(headers[key.toLowerCase()]);
  if (place === 'cookie') return first(splitCookies(headers['cookie']).get(key));
  const raw = first(splitPairs(query)?.get(key));
  try {
    return raw === undefined ? undefined : decodePlus(raw);
  } catch {
    return undefined;
  }
}

function first(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}

/** User and password of RFC 7617, in UTF-8. */
export function createBasicVerify(
  name: string,
  users: readonly Credential[],
  realm: string,
): Verify {
  // User and password as one secret: which of the two is wrong stays unknown.
  const pair = (user: string, password: string) => JSON.stringify([user, password]);
  const match = compileMatch(
    users.map((user) => ({ ...user, secret: pair(user.name ?? '', user.secret) })),
  );
  const challenge = `Basic realm="${realm}", charset="UTF-8"`;
  return (credentials, scopes) => {
    const encoded = readAuthorization(credentials.headers, 'basic');
    if (encoded === undefined) return refuse('Send a user and a password.', challenge);
    const text = Buffer.from(encoded, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    const found = colon < 0 ? undefined : match(pair(text.slice(0, colon), text.slice(colon + 1)));
    if (!found) return refuse('The user or the password is not right.', challenge);
    return admit(name, found, scopes);
  };
}

/** Bearer tokens that mean nothing but themselves; the props say what each may do. */
export function createTokenVerify(
  name: string,
  tokens: readonly Credential[],
  realm: string,
): Verify {
  const match = compileMatch(tokens);
  const challenge = `Bearer realm="${realm}"`;
  return (credentials, scopes) => {
    const token = readAuthorization(credentials.headers, 'bearer');
    if (token === undefined) return refuse('Send a bearer token.', challenge);
    const found = match(token);
    if (!found)
      return refuse('The bearer token is not valid.', `${challenge}, error="invalid_token"`);
    if (!found.scopes) return admit(name, found, []);
    const { name: subject, scopes: held } = found;
    const identity = { scheme: name, ...(subject !== undefined && { subject }), scopes: held };
    return judge(identity, scopes, challenge);
  };
}

/** What follows the scheme's name in Authorization, or undefined. */
export function readAuthorization(headers: Headers, scheme: string): string | undefined {
  const header = first(headers['authorization']);
  if (header === undefined || header.slice(0, scheme.length).toLowerCase() !== scheme) return;
  const rest = header.slice(scheme.length);
  return rest.startsWith(' ') ? rest.trim() : undefined;
}

function compileMatch(known: readonly Credential[]): (secret: string) => Credential | undefined {
  const digests = known.map((credential) => ({ credential, digest: digest(credential.secret) }));
  return (secret) => {
    const presented = digest(secret);
    let found: Credential | undefined;
    for (const one of digests) {
      if (timingSafeEqual(one.digest, presented)) found = one.credential;
    }
    return found;
  };
}

function digest(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

/** Such a secret carries no scopes or roles: where some are required, it is not enough. */
function admit(name: string, { name: subject }: Credential, scopes: readonly string[]): Outcome {
  if (scopes.length > 0) {
    const detail = `${name} cannot show ${scopes.join(', ')}, which the operation requires.`;
    return { refusal: { code: 'forbidden', detail } };
  }
  return { identity: { scheme: name, ...(subject !== undefined && { subject }) } };
}

/** Whether the scopes a token carries are enough (RFC 6750, 3.1). */
export function judge(identity: Identity, scopes: readonly string[], challenge: string): Outcome {
  const missing = scopes.filter((scope) => !identity.scopes?.includes(scope));
  if (missing.length === 0) return { identity };
  const wanted = quote(scopes.join(' '));
  return {
    refusal: {
      code: 'forbidden',
      detail: `The token lacks the scope ${missing.join(', ')}.`,
      challenge: `${challenge}, error="insufficient_scope", scope=${wanted}`,
    },
  };
}

function refuse(detail: string, challenge: string): Outcome {
  return { refusal: { code: 'unauthorized', detail, challenge } };
}

/** A quoted string of RFC 9110, 5.6.4. */
export function quote(text: string): string {
  return `"${text.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll(/["\\]/g, '\\$&')}"`;
}
