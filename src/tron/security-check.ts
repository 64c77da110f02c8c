/** What props say of a bundle's security, judged when it is enabled: not when somebody calls. */
import type { Contract } from '../openapi/contract.ts';

/**
 * Warnings of operations that refuse every call, since no scheme that would let one in is
 * configured. Rejects with `props_invalid` for an entry of `props.security` that is of no use.
 */
export async function checkSecurity(
  contract: Contract,
  { security }: Record<string, unknown>,
): Promise<string[]> {
  const secured = contract.operations.filter((one) => one.security.length > 0);
  if (security === undefined && secured.length === 0) return [];
  const { createAuthenticate } = await import('../openapi/security.ts');
  createAuthenticate(contract, security);
  const configured = new Set(Object.keys(security ?? {}));
  const closed = secured.filter((one) =>
    one.security.every(({ schemes }) => schemes.some(({ name }) => !configured.has(name))),
  );
  if (closed.length === 0) return [];
  const wanted = closed.flatMap((one) => one.security.flatMap(({ schemes }) => schemes));
  const names = new Set(wanted.map(({ name }) => name).filter((name) => !configured.has(name)));
  const lacking = [...names].map((name) => `props.security.${name}`).join(' or ');
  return [`${listOf(closed)} will refuse every call: give ${lacking} (--props)`];
}

/** Few by name, many by number. */
function listOf(operations: Contract['operations']): string {
  const [first] = operations;
  if (operations.length === 1) return first!.key;
  return `${operations.length} operations, such as ${first!.key},`;
}
