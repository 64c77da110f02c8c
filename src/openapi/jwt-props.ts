/** The part of `props.security` that tells how JSON Web Tokens are verified. */
import type { SecurityScheme } from './contract.ts';
import { suggest } from './nearest.ts';
import { isObject } from './pointer.ts';
import { invalidProps } from './invalid-props.ts';
import type { Json } from './reference.ts';

export interface JwtProps {
  issuer?: string;
  audience?: string | string[];
  /** Where the issuer's keys are; otherwise its discovery document tells. */
  jwksUri?: string;
  /** The keys themselves. */
  jwks?: { keys: Json[] };
  /** For HMAC algorithms. */
  secret?: string;
  /** JWS algorithms taken; default: those that fit the kind of key. */
  algorithms: string[];
  /** By how much clocks may differ, in seconds. */
  leewayS: number;
}

/** RFC 7518, 3.1: never `none`, and never a shared secret where public keys are expected. */
const hmacAlgorithms = ['HS256', 'HS384', 'HS512'];
const keyAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

export const jwtKeys = ['issuer', 'audience', 'jwksUri', 'jwks', 'secret', 'algorithms', 'leewayS'];

/** RFC 7518, 3.2: a secret shorter than the hash can be guessed. */
const secretBytesMin = 32;

/** Reads an entry for JSON Web Tokens, keys of no other kind in it. Throws `props_invalid`. */
export function readJwt(entry: Json, scheme: SecurityScheme, at: string): JwtProps {
  const { audience, jwksUri, jwks, secret, leewayS = 5 } = entry;
  for (const key of ['issuer', 'jwksUri', 'secret']) {
    const value = entry[key];
    if (value !== undefined && (typeof value !== 'string' || value === '')) {
      throw invalidProps(`${at}/${key}`, 'must be text that is not empty', 'correct it');
    }
  }
  for (const key of ['issuer', 'jwksUri']) {
    const needed = key === 'jwksUri' || (jwks === undefined && secret === undefined && !jwksUri);
    if (entry[key] !== undefined && needed && !isWebAddress(String(entry[key]))) {
      throw invalidProps(`${at}/${key}`, 'is no http or https URL', 'give the whole URL');
    }
  }
  const isNames = [audience].flat().every((one) => typeof one === 'string' && one !== '');
  if (audience !== undefined && (!isNames || [audience].flat().length === 0)) {
    throw invalidProps(`${at}/audience`, 'must be text, or a list of texts', 'name this service');
  }
  if (typeof leewayS !== 'number' || !(leewayS >= 0)) {
    throw invalidProps(`${at}/leewayS`, 'must be seconds, 0 or more', 'correct it');
  }
  if (jwks !== undefined) checkKeySet(jwks, `${at}/jwks`);
  checkSource(entry, scheme, at);
  return {
    ...(entry as Partial<JwtProps>),
    algorithms: readAlgorithms(entry['algorithms'], secret !== undefined, `${at}/algorithms`),
    leewayS,
  };
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** Exactly one way to the keys, and with public keys of an issuer somebody the token is for. */
function checkSource(entry: Json, scheme: SecurityScheme, at: string): void {
  const { issuer, audience, jwksUri, jwks, secret } = entry;
  const given = Object.entries({ jwksUri, jwks, secret }).filter(
    ([, value]) => value !== undefined,
  );
  if (given.length > 1) {
    throw invalidProps(at, `has ${given.map(([key]) => key).join(' and ')}`, 'give one of them');
  }
  const isDiscovered = given.length === 0;
  const hasAddress = issuer !== undefined || scheme.openIdConnectUrl !== undefined;
  if (isDiscovered && !hasAddress) {
    throw invalidProps(
      at,
      'does not say where the keys are',
      'give issuer, jwksUri, jwks or secret',
    );
  }
  if (audience === undefined && jwks === undefined && secret === undefined) {
    const why = 'without it a token made for any other service of the issuer would do';
    throw invalidProps(`${at}/audience`, 'is missing', `name this service: ${why}`);
  }
  if (typeof secret === 'string' && Buffer.byteLength(secret) < secretBytesMin) {
    throw invalidProps(
      `${at}/secret`,
      `is shorter than ${secretBytesMin} bytes`,
      'give a longer one',
    );
  }
}

function checkKeySet(jwks: unknown, at: string): void {
  const keys = isObject(jwks) ? jwks['keys'] : undefined;
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isObject)) {
    throw invalidProps(at, 'is no JSON Web Key Set', 'give {keys: [...]} (RFC 7517, 5)');
  }
  for (const [index, key] of keys.entries()) {
    const isPublic = key['kty'] !== 'oct' && key['d'] === undefined;
    if (!isPublic)
      throw invalidProps(`${at}/keys/${index}`, 'is no public key', 'give its public half');
  }
}

function readAlgorithms(value: unknown, isSecret: boolean, at: string): string[] {
  if (value === undefined) return isSecret ? ['HS256'] : keyAlgorithms;
  const fitting = isSecret ? hmacAlgorithms : keyAlgorithms;
  if (!Array.isArray(value) || value.length === 0) {
    throw invalidProps(at, 'must be a list', `use some of ${fitting.join(', ')}`);
  }
  for (const name of value) {
    if (fitting.includes(name as string)) continue;
    const why = `does not fit ${isSecret ? 'a secret' : 'public keys'}`;
    throw invalidProps(at, `${String(name)} ${why}`, suggest(String(name), fitting));
  }
  return value as string[];
}
