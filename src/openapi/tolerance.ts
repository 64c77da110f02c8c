/**
 * What the first Funcatron let pass. It read its contracts, all Swagger 2.0, without judging them, and
 * bundles with faults in them are in use: what calls are served and checked by must be right all the
 * same, the rest is only told.
 */
import type { NodeKind } from './visit.ts';
import { visit } from './visit.ts';
import { isObject, pathOf, refPointer, resolvePointer } from './pointer.ts';

type Json = Record<string, unknown>;

/**
 * Whether calls are served the same with a structural fault there as without it: one in what answers
 * look like, in a schema (which must compile, but that is seen by compiling it), in texts for people.
 */
export function isServedWithout(pointer: string): boolean {
  const path = pathOf(pointer);
  const [first = '', ...rest] = path;
  if (path.includes('responses') || path.includes('schema')) return true;
  if (path.includes('parameters') || /^(security|securityDefinitions)$/.test(first)) return false;
  if (/^(host|basePath|consumes|produces|swagger)$/.test(first)) return false;
  if (first !== 'paths') return true;
  // Path, method, what the operation has: a path or method that is not understood is not served.
  return rest.length > 2 && !/^(security|consumes|produces)$/.test(rest[2]!);
}

/** Whether a reference of this kind may lead nowhere: anything fits it then. */
export function mayDangle(kind: NodeKind): boolean {
  return kind === 'schema' || kind === 'response';
}

/** Puts what accepts anything in the place of references that lead nowhere. Changes `document`. */
export function fillDangling(document: Json): void {
  visit(document, (kind, value) => {
    if (!mayDangle(kind)) return;
    const { $ref: ref } = value;
    if (typeof ref !== 'string') return;
    const pointer = refPointer(ref);
    if (pointer === undefined || isObject(resolvePointer(document, pointer))) return;
    delete value['$ref'];
    if (kind === 'response') value['description'] ??= '';
  });
}
