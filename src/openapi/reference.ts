/**
 * References within one document: JSON pointers (RFC 6901), `$anchor` names and `$id`s
 * (JSON Schema 2020-12, 8.2). Nothing outside the document is ever looked up.
 */
import { FuncatronError } from '../errors.ts';
import { isObject, resolvePointer } from './pointer.ts';

export type Json = Record<string, unknown>;

export interface References {
  readonly document: Json;
  /** What a reference such as `#/components/schemas/Pet` names; throws `contract_invalid`. */
  find(ref: string): unknown;
  /** The value itself, or what its chain of `$ref` ends at; throws `contract_invalid`. */
  resolve(value: unknown): unknown;
}

export function createReferences(document: Json): References {
  const found = new Map<string, unknown>();
  let names: Map<string, unknown> | undefined;
  const named = (name: string) => (names ??= indexNames(document)).get(name);
  const find = (ref: string): unknown => {
    let target = found.get(ref);
    if (target !== undefined) return target;
    const [id = '', fragment = ''] = ref.split('#', 2);
    const isPointer = fragment === '' || fragment.startsWith('/');
    const root = id === '' ? document : named(id);
    target = isPointer ? follow(root, fragment) : named(`${id}#${fragment}`);
    if (target === undefined) throw dangling(ref);
    found.set(ref, target);
    return target;
  };
  const resolve = (value: unknown): unknown => {
    const seen = new Set<unknown>();
    let current = value;
    while (isObject(current) && typeof current['$ref'] === 'string') {
      if (seen.has(current)) throw dangling(current['$ref']);
      seen.add(current);
      current = find(current['$ref']);
    }
    return current;
  };
  return { document, find, resolve };
}

/** Sets an own property, also under the name that plain assignment takes for the prototype. */
export function put(target: Json, name: string, value: unknown): void {
  if (name !== '__proto__') target[name] = value;
  else {
    const own = { value, enumerable: true, configurable: true, writable: true };
    Object.defineProperty(target, name, own);
  }
}

function dangling(ref: string): FuncatronError {
  return new FuncatronError(
    'contract_invalid',
    `The reference ${ref} leads nowhere in the document; correct it or add what it names.`,
  );
}

function follow(root: unknown, fragment: string): unknown {
  const plain = resolvePointer(root, fragment);
  if (plain !== undefined || !fragment.includes('%')) return plain;
  try {
    return resolvePointer(root, decodeURIComponent(fragment));
  } catch {
    return undefined;
  }
}

/** Every `$id`, and every anchor as `id#anchor`. An anchor is also found without its id. */
function indexNames(document: Json): Map<string, unknown> {
  const index = new Map<string, unknown>();
  const stack: [value: unknown, id: string][] = [[document, '']];
  const seen = new Set<unknown>();
  while (stack.length > 0) {
    const [node, outer] = stack.pop() as [unknown, string];
    if (typeof node !== 'object' || node === null || seen.has(node)) continue;
    seen.add(node);
    const own = (node as Json)['$id'];
    const id = typeof own === 'string' ? own.replace(/#$/, '') : outer;
    if (id !== outer) index.set(id, node);
    for (const key of ['$anchor', '$dynamicAnchor']) {
      const anchor = (node as Json)[key];
      if (typeof anchor !== 'string') continue;
      index.set(`${id}#${anchor}`, node);
      if (!index.has(`#${anchor}`)) index.set(`#${anchor}`, node);
    }
    for (const child of Object.values(node)) stack.push([child, id]);
  }
  return index;
}
