/** An operation as code that knows nothing of its document can read it. */
import { findOperation } from './operation-source.ts';
import { bodyNameKey } from './upgrade.ts';
import { isObject, refPointer, resolvePointer } from './pointer.ts';

type Json = Record<string, unknown>;

/** Schemas of bodies may be of any size; nothing that reads them needs them whole. */
const valuesMax = 10_000;

/**
 * The operation object of 3.1 with `method` (lower case), `path`, and the parameters of its path item;
 * in its parameters and request body, references are replaced by what they name. One that leads back
 * to itself, or nowhere, stays as it is. A body that had a name in 2.0 has it as `x-name`.
 */
export function resolveOperation(document: Json, method: string, template: string): Json {
  const operation = findOperation(document, method, template);
  const inline = createInline(document);
  const resolved: Json = { ...operation, method: method.toLowerCase(), path: template };
  for (const key of ['parameters', 'requestBody'])
    if (operation[key] !== undefined) resolved[key] = inline(operation[key], []);
  const { [bodyNameKey]: name } = operation;
  if (name !== undefined && isObject(resolved['requestBody']))
    resolved['requestBody'] = { ...resolved['requestBody'], 'x-name': name };
  return resolved;
}

function createInline(document: Json): (value: unknown, within: readonly string[]) => unknown {
  let left = valuesMax;
  const inline = (value: unknown, within: readonly string[]): unknown => {
    if (typeof value !== 'object' || value === null || left === 0) return value;
    left--;
    if (Array.isArray(value)) return value.map((one) => inline(one, within));
    if (!isObject(value)) return value;
    const { $ref: ref, ...beside } = value;
    if (typeof ref !== 'string') {
      const pairs = Object.entries(value).map(([key, one]) => [key, inline(one, within)]);
      return Object.fromEntries(pairs);
    }
    const pointer = refPointer(ref);
    const target = pointer === undefined ? undefined : resolvePointer(document, pointer);
    if (!isObject(target) || within.includes(ref)) return value;
    return inline({ ...target, ...beside }, [...within, ref]);
  };
  return inline;
}
