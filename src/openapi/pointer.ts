/**
 * JSON Pointer (RFC 6901), as text (`/paths/~1pets/get`) and in a fragment (`#/paths/~1pets/get`).
 */

/** The pointer of a path of keys; empty for the root. */
export function pointerOf(path: readonly (string | number)[]): string {
  let pointer = '';
  for (const key of path) pointer += child('', key);
  return pointer;
}

/** The pointer of the member `key` of what `pointer` names. */
export function child(pointer: string, key: string | number): string {
  const text = String(key);
  if (!text.includes('~') && !text.includes('/')) return `${pointer}/${text}`;
  return `${pointer}/${text.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The keys a pointer goes through. Throws nothing: text that is no pointer names nothing. */
export function pathOf(pointer: string): string[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The pointer a `$ref` of this document holds; undefined when it names another document. */
export function refPointer(ref: string): string | undefined {
  if (ref === '#') return '';
  if (!ref.startsWith('#/')) return undefined;
  try {
    return decodeURIComponent(ref.slice(1));
  } catch {
    return ref.slice(1);
  }
}

/** What a pointer names in a document, or undefined. */
export function resolvePointer(document: unknown, pointer: string): unknown {
  let value = document;
  for (const key of pathOf(pointer)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/**
 * Follows the `$ref`s of an object, one after another, within its document. Undefined when one
 * leads nowhere, out of the document, or in a circle.
 */
export function follow(
  document: unknown,
  value: unknown,
): { value: Record<string, unknown>; pointer?: string } | undefined {
  let pointer: string | undefined;
  for (let hop = 0; hop < 32 && isObject(value); hop++) {
    const ref = value['$ref'];
    if (typeof ref !== 'string') return pointer === undefined ? { value } : { value, pointer };
    pointer = refPointer(ref);
    if (pointer === undefined) return undefined;
    value = resolvePointer(document, pointer);
  }
  return undefined;
}

/** Whether a value is a JSON object: no list, no null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
