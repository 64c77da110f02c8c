/**
 * `props.security`: what is needed to tell who calls, one entry a security scheme of the contract.
 * An entry that is no use is refused when the bundle is enabled, not when somebody calls.
 */
import type { SecurityScheme } from './contract.ts';
import { suggest } from './nearest.ts';
import { invalidProps } from './invalid-props.ts';
import { jwtKeys, readJwt, type JwtProps } from './jwt-props.ts';
import { isObject } from './pointer.ts';

/** Keys, tokens or users: what is presented, and whom it stands for. */
export interface Credential {
  /** Absent for credentials given as a plain list. */
  name?: string;
  secret: string;
  /** What a token may do; absent: everything. Keys and users have none. */
  scopes?: string[];
}

export type SecurityProps =
  { kind: 'keys' | 'tokens' | 'users'; credentials: Credential[] } | ({ kind: 'jwt' } & JwtProps);

/** Reads one entry. Throws `props_invalid`. */
export function readSecurityProps(
  name: string,
  scheme: SecurityScheme,
  entry: unknown,
): SecurityProps {
  const at = `/security/${name}`;
  const allowed = keysFor(scheme);
  if (allowed.length === 0) {
    const said = scheme.type === 'http' ? `http ${scheme.scheme}` : scheme.type;
    throw invalidProps(
      at,
      `${said} is not supported`,
      'use apiKey, http basic or bearer, or OpenID',
    );
  }
  if (!isObject(entry)) throw invalidProps(at, 'must be an object', `give ${allowed.join(', ')}`);
  for (const key of Object.keys(entry)) {
    if (!allowed.includes(key)) {
      throw invalidProps(`${at}/${key}`, `is not known for ${scheme.type}`, suggest(key, allowed));
    }
  }
  for (const kind of ['keys', 'tokens', 'users'] as const) {
    if (entry[kind] === undefined) continue;
    const others = Object.keys(entry).filter((key) => key !== kind);
    if (others.length > 0)
      throw invalidProps(at, `has ${kind} and ${others.join(', ')}`, 'give one');
    return { kind, credentials: readCredentials(entry[kind], `${at}/${kind}`, kind) };
  }
  if (!allowed.includes('issuer')) {
    throw invalidProps(at, `has no ${allowed[0]}`, `give ${allowed[0]}: {name: value}`);
  }
  return { kind: 'jwt', ...readJwt(entry, scheme, at) };
}

function keysFor({ type, scheme }: SecurityScheme): string[] {
  if (type === 'apiKey') return ['keys'];
  if (type === 'oauth2' || type === 'openIdConnect') return ['tokens', ...jwtKeys];
  if (type !== 'http') return [];
  const name = scheme?.toLowerCase();
  return name === 'basic' ? ['users'] : name === 'bearer' ? ['tokens', ...jwtKeys] : [];
}

function readCredentials(value: unknown, at: string, kind: string): Credential[] {
  const isList = Array.isArray(value) && kind !== 'users';
  if (!isList && !isObject(value)) throw invalidProps(at, 'is no object', 'give {name: value}');
  const entries = Object.entries(value);
  if (entries.length === 0) throw invalidProps(at, 'is empty', 'give one at least');
  return entries.map(([name, given]) => {
    const credential = readCredential(given, `${at}/${name}`, kind);
    return isList ? credential : { name, ...credential };
  });
}

/** A secret; or, of a token, `{token, scopes}`. */
function readCredential(given: unknown, at: string, kind: string): Credential {
  if (kind !== 'tokens' || !isObject(given)) return { secret: readSecret(given, at) };
  const allowed = ['token', 'scopes'];
  for (const key of Object.keys(given)) {
    if (!allowed.includes(key))
      throw invalidProps(`${at}/${key}`, 'is not known', suggest(key, allowed));
  }
  const { token, scopes } = given;
  const secret = readSecret(token, `${at}/token`);
  if (scopes === undefined) return { secret };
  if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === 'string')) {
    throw invalidProps(
      `${at}/scopes`,
      'must be a list of texts',
      'name the scopes, or leave it out',
    );
  }
  return { secret, scopes };
}

function readSecret(value: unknown, at: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw invalidProps(at, 'must be text that is not empty', 'give a secret');
}
