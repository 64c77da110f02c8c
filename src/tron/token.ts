/** Tokens for the REST API: shown once when made, kept only as their hash. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { FuncatronError } from '../errors.ts';
import type { Store, TokenRecord } from '../store/store.ts';

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** The new token's text. Rejects with `option_invalid` (name) or `token_exists`. */
export async function createToken(store: Store, name: string): Promise<string> {
  if (!namePattern.test(name))
    throw new FuncatronError(
      'option_invalid',
      `token name "${name}": use 1 to 64 letters, digits, ".", "_" or "-"`,
      { component: 'tron' },
    );
  if ((await store.tokens()).some((token) => token.name === name))
    throw new FuncatronError('token_exists', `revoke "${name}" first, or choose another name`);
  const text = `ft_${randomBytes(32).toString('base64url')}`;
  const token = { name, hash: hashOf(text).toString('hex'), createdAt: Date.now() };
  await store.commit([{ put: 'token', token }]);
  return text;
}

/** Names and dates. */
export async function listTokens(store: Store): Promise<Omit<TokenRecord, 'hash'>[]> {
  const tokens = await store.tokens();
  return tokens.map(({ name, createdAt }) => ({ name, createdAt }));
}

/** Rejects with `token_unknown`. */
export async function revokeToken(store: Store, name: string): Promise<void> {
  if (!(await store.tokens()).some((token) => token.name === name))
    throw new FuncatronError('token_unknown', `there is no token "${name}"`);
  await store.commit([{ delete: 'token', name }]);
}

/** The name of the token with this text. Every hash is compared, each in constant time. */
export function findToken(tokens: readonly TokenRecord[], text: string): string | undefined {
  const given = hashOf(text);
  let found: string | undefined;
  for (const { name, hash } of tokens)
    if (timingSafeEqual(given, Buffer.from(hash, 'hex'))) found = name;
  return found;
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
