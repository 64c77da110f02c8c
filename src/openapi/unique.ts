/**
 * `uniqueItems` in time that grows with the list alone. The engine compares objects pair by pair,
 * which a long list sent on purpose would make take for ever.
 */
import type { FuncKeywordDefinition, SchemaValidateFunction } from 'ajv';
import type { Json } from './reference.ts';

/** The keyword, in place of the engine's own. */
export const uniqueItems: FuncKeywordDefinition = {
  keyword: 'uniqueItems',
  type: 'array',
  schemaType: 'boolean',
  errors: 'full',
  compile: (isWanted: boolean) => {
    const validate: SchemaValidateFunction = (items: unknown[]) => {
      const repeat = isWanted ? findRepeat(items) : undefined;
      if (!repeat) return true;
      const [first, second] = repeat;
      const message = `has the same item at ${first} and ${second}`;
      validate.errors = [{ keyword: 'uniqueItems', message, params: { i: second, j: first } }];
      return false;
    };
    return validate;
  },
};

/** Places of the first item that has come before, and of where it did. */
function findRepeat(items: readonly unknown[]): [number, number] | undefined {
  const seen = new Map<unknown, number>();
  for (const [index, item] of items.entries()) {
    const key = typeof item === 'string' ? `"${item}` : canonical(item);
    const earlier = seen.get(key);
    if (earlier !== undefined) return [earlier, index];
    seen.set(key, index);
  }
  return undefined;
}

/** Text that is equal for equal JSON values, whatever the order of their properties. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((key) => `${JSON.stringify(key)}:${canonical((value as Json)[key])}`).join()}}`;
}
