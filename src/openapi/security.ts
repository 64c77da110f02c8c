/**
 * Who calls: a contract's `security` enforced (OpenAPI 3.1.1, 4.8.30). One requirement of an
 * operation's list is enough, all schemes of a requirement are needed, and an empty requirement
 * lets anybody in, known or not. A scheme nobody configured refuses.
 */
import { FuncatronError } from '../errors.ts';
import type { Identity } from '../message.ts';
import type { Authenticate, Contract, SecurityRequirement, SecurityScheme } from './contract.ts';
import { createBasicVerify, createKeyVerify, createTokenVerify } from './credential.ts';
import type { Credentials, Outcome, Refusal, Verify } from './credential.ts';
import { suggest } from './nearest.ts';
import { follow, isObject } from './pointer.ts';
import { invalidProps } from './invalid-props.ts';
import { readSecurityProps } from './security-props.ts';
import { createJwtVerify, type TokenOptions } from './token.ts';

export type SecurityOptions = Partial<TokenOptions>;

const usualOptions: TokenOptions = {
  refetchMs: 30_000,
  fetchTimeoutMs: 5_000,
  rememberedMax: 5_000,
  rememberedMs: 300_000,
};

/**
 * The authenticator of a contract. `security` is `props.security`, one entry a scheme: `{keys}`,
 * `{users}`, `{tokens}` (each a text, or `{token, scopes}`), or for JSON Web Tokens
 * `{issuer, audience}`, `{jwksUri, audience}`, `{jwks}` or `{secret}`. Throws `props_invalid` at once for an entry that is of no use.
 */
export function createAuthenticate(
  contract: Contract,
  security: unknown,
  options: SecurityOptions = {},
): Authenticate {
  const verifies = createVerifies(contract, security, { ...usualOptions, ...options });
  return (operation, headers, query) => {
    const { security: requirements } = operation;
    if (requirements.length === 0) return undefined;
    return tryEach(requirements, 0, { headers, query }, verifies, []);
  };
}

type Verifies = ReadonlyMap<string, Verify>;

function createVerifies(contract: Contract, security: unknown, options: TokenOptions): Verifies {
  if (security !== undefined && security !== null && !isObject(security)) {
    throw invalidProps('/security', 'must be an object', 'give one entry a security scheme');
  }
  const verifies = new Map<string, Verify>();
  const entries = Object.entries(security ?? {});
  if (entries.length === 0) return verifies;
  const schemes = listSchemes(contract);
  for (const [name, entry] of entries) {
    const scheme = schemes.get(name);
    if (!scheme) {
      const mend = schemes.size > 0 ? suggest(name, [...schemes.keys()]) : 'remove it';
      throw invalidProps(`/security/${name}`, 'is no security scheme of the contract', mend);
    }
    verifies.set(name, createVerify(name, scheme, entry, contract.name, options));
  }
  return verifies;
}

/** Those that operations require, and then all that the document declares. */
function listSchemes({ operations, document }: Contract): Map<string, SecurityScheme> {
  const schemes = new Map<string, SecurityScheme>();
  const { components } = document;
  const declared = isObject(components) ? components['securitySchemes'] : undefined;
  for (const [name, source] of Object.entries(isObject(declared) ? declared : {})) {
    const scheme = follow(document, source)?.value;
    if (scheme) schemes.set(name, scheme as unknown as SecurityScheme);
  }
  for (const { security } of operations) {
    for (const { name, scheme } of security.flatMap(({ schemes: all }) => all)) {
      schemes.set(name, scheme);
    }
  }
  return schemes;
}

function createVerify(
  name: string,
  scheme: SecurityScheme,
  entry: unknown,
  realm: string,
  options: TokenOptions,
): Verify {
  const props = readSecurityProps(name, scheme, entry);
  switch (props.kind) {
    case 'keys':
      return createKeyVerify(name, scheme, props.credentials, realm);
    case 'users':
      return createBasicVerify(name, props.credentials, realm);
    case 'tokens':
      return createTokenVerify(name, props.credentials, realm);
    case 'jwt':
      return createJwtVerify(name, scheme, props, realm, options);
  }
}

/** Goes on synchronously as far as it can: most callers need no promise. */
function tryEach(
  requirements: readonly SecurityRequirement[],
  from: number,
  credentials: Credentials,
  verifies: Verifies,
  refusals: Refusal[],
): Identity | undefined | Promise<Identity | undefined> {
  for (let index = from; index < requirements.length; index++) {
    const { schemes } = requirements[index]!;
    if (schemes.length === 0) continue;
    const outcome = verifyAll(schemes, credentials, verifies);
    if (outcome instanceof Promise) {
      return outcome.then((made) => {
        if ('identity' in made) return made.identity;
        refusals.push(made.refusal);
        return tryEach(requirements, index + 1, credentials, verifies, refusals);
      });
    }
    if ('identity' in outcome) return outcome.identity;
    refusals.push(outcome.refusal);
  }
  if (requirements.some(({ schemes }) => schemes.length === 0)) return undefined;
  throw toError(refusals);
}

function verifyAll(
  schemes: SecurityRequirement['schemes'],
  credentials: Credentials,
  verifies: Verifies,
): Outcome | Promise<Outcome> {
  const outcomes = schemes.map(({ name, scopes }) => {
    const verify = verifies.get(name);
    return verify ? verify(credentials, scopes) : { refusal: notConfigured(name) };
  });
  const [only] = outcomes;
  if (outcomes.length === 1) return only!;
  const isSettled = outcomes.every((outcome) => !(outcome instanceof Promise));
  return isSettled ? combine(outcomes as Outcome[]) : Promise.all(outcomes).then(combine);
}

function notConfigured(name: string): Refusal {
  const detail = `Nobody configured the security scheme ${name}: give props.security.${name}.`;
  return { code: 'security_not_configured', detail };
}

/** All schemes of one requirement: the first refusal, or one identity of them all. */
function combine(outcomes: readonly Outcome[]): Outcome {
  const refused = outcomes.find((outcome) => 'refusal' in outcome);
  if (refused) return refused;
  const all = outcomes.map((outcome) => (outcome as { identity: Identity }).identity);
  const speaker = all.find(({ claims }) => claims) ?? all.find(({ subject }) => subject) ?? all[0]!;
  const scopes = all.flatMap((identity) => identity.scopes ?? []);
  return {
    identity: {
      ...speaker,
      scheme: all.map(({ scheme }) => scheme).join('+'),
      ...(scopes.length > 0 && { scopes: [...new Set(scopes)] }),
    },
  };
}

/**
 * The refusal that helps the caller most: known but not allowed; then what to present, with the
 * challenges of every alternative; then what only the operator can mend.
 */
function toError(refusals: readonly Refusal[]): FuncatronError {
  const order = ['forbidden', 'security_unavailable', 'unauthorized', 'security_not_configured'];
  const worst = order.find((code) => refusals.some((refusal) => refusal.code === code));
  const meant = refusals.filter(({ code }) => code === worst);
  const challenges = [...new Set(meant.flatMap(({ challenge }) => challenge ?? []))];
  const [first] = challenges;
  const headers = first && { 'www-authenticate': challenges.length > 1 ? challenges : first };
  const detail = [...new Set(meant.map((refusal) => refusal.detail))].join(' Or: ');
  const { code, cause } = meant[0]!;
  return new FuncatronError(code, detail, { cause, ...(headers && { headers }) });
}
