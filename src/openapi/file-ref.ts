/** References from one file to another. */
import { dirname, extname, resolve } from 'node:path';
import type { Issue } from '../message.ts';
import type { ParsedDocument } from './document.ts';
import { child, pathOf } from './pointer.ts';

export interface RefTarget {
  /** Absolute path. */
  file: string;
  /** Begins with `#`. */
  fragment: string;
}

/** Every `$ref` text anywhere: a file that holds parts has no structure to go by. */
export function listRefs(value: unknown, pointer = ''): [ref: string, pointer: string][] {
  if (typeof value !== 'object' || value === null) return [];
  const refs: [string, string][] = [];
  for (const [key, member] of Object.entries(value)) {
    const at = child(pointer, key);
    const mapped = pathOf(pointer).slice(-2).join('/') === 'discriminator/mapping';
    const named = mapped && /^[A-Za-z0-9._-]+$/.test(String(member)) && !extname(String(member));
    if (typeof member !== 'string') refs.push(...listRefs(member, at));
    else if ((key === '$ref' || (mapped && !named)) && !member.startsWith('#'))
      refs.push([member, at]);
  }
  return refs;
}

export function targetOf(ref: string, from: string): RefTarget {
  const hash = ref.indexOf('#');
  const path = hash === -1 ? ref : ref.slice(0, hash);
  const fragment = hash === -1 ? '#' : ref.slice(hash);
  return { file: path === '' ? from : resolve(dirname(from), decodePath(path)), fragment };
}

/** A reference is a URI: a blank in a file name stands in it as %20. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

export function issueAt(
  file: string,
  parsed: ParsedDocument,
  at: string,
  message: string,
  mend: string,
): Issue {
  return { in: 'document', at, message, mend, file, line: parsed.locate(at) };
}
