/**
 * What a meta-schema's validation errors come down to. A `oneOf` reports every branch that does
 * not fit; of those, only the branch that was meant is worth telling.
 */
import type { ErrorObject } from 'ajv';
import { nearest } from './nearest.ts';
import { child, isObject, pathOf, resolvePointer } from './pointer.ts';
import { show } from './setting-value.ts';

type Json = Record<string, unknown>;

/** Where a branch of a `oneOf` is chosen by the value of one member. */
const discriminators: Record<string, string[]> = {
  in: ['query', 'header', 'path', 'cookie', 'body', 'formData'],
  type: ['apiKey', 'http', 'oauth2', 'openIdConnect', 'mutualTLS', 'basic'],
};

/**
 * The errors of the branches that were meant. Needs Ajv's `verbose`, to know which errors are of
 * one branch.
 */
export function condense(errors: readonly ErrorObject[], document: unknown): ErrorObject[] {
  const refused = refuseBranches(errors, document);
  const choosing = new Set(['oneOf', 'anyOf', 'if', 'not', 'propertyNames']);
  const kept = errors.filter((error) => !choosing.has(error.keyword) && !refused(error));
  const chosen = new Set(
    kept.filter(({ keyword }) => keyword === 'enum').map(({ instancePath }) => instancePath),
  );
  const told = kept.filter(({ keyword, instancePath, params }) => {
    // A member counts as evaluated only where all else about the object is right.
    if (keyword === 'unevaluatedProperties')
      return !kept.some(
        (other) => other.keyword !== keyword && other.instancePath === instancePath,
      );
    if (keyword === 'type') return !chosen.has(instancePath);
    if (keyword !== 'required') return true;
    // Which members a parameter needs depends on its place; a body of 2.0 has its type in schema.
    const body = params['missingProperty'] === 'type';
    if (body && resolvePointer(document, `${instancePath}/schema`) !== undefined) return false;
    return !chosen.has(`${instancePath}/in`);
  });
  const unexplained = errors.filter(
    (error) =>
      choosing.has(error.keyword) &&
      !kept.some((other) => `${other.instancePath}/`.startsWith(`${error.instancePath}/`)),
  );
  return mergeEnums([...told, ...innermost(unexplained)]);
}

/** Tells of an error whether it is from a branch that was not meant. */
function refuseBranches(
  errors: readonly ErrorObject[],
  document: unknown,
): (error: ErrorObject) => boolean {
  const refused = new Map<string, Set<unknown>>();
  const refuse = (at: string, schema: unknown) => {
    const schemas = refused.get(at) ?? new Set();
    refused.set(at, schemas.add(schema));
  };
  for (const error of errors) {
    if (isReferenceBranch(error)) refuse(error.instancePath, error.parentSchema);
    if (isOtherBranch(error, document)) refuse(parentOf(error.instancePath), error.parentSchema);
  }
  return ({ instancePath, parentSchema }) => {
    if (refused.get(parentOf(instancePath))?.has(parentSchema)) return true;
    const here = refused.get(instancePath);
    const members = Object.values(asObject(parentSchema?.['properties']));
    return !!here && [parentSchema, ...members].some((schema) => here.has(schema));
  };
}

function parentOf(pointer: string): string {
  return pointer.slice(0, Math.max(0, pointer.lastIndexOf('/')));
}

/** "A `$ref` is missing": from the branch for references, which was not meant. */
function isReferenceBranch(error: ErrorObject): boolean {
  return error.keyword === 'required' && error.params['missingProperty'] === '$ref';
}

/** "`in` must be body": from a branch for another kind of parameter than the one that is there. */
function isOtherBranch(error: ErrorObject, document: unknown): boolean {
  if (error.keyword !== 'enum' && error.keyword !== 'const') return false;
  const known = discriminators[pathOf(error.instancePath).at(-1) ?? ''];
  return known?.includes(String(resolvePointer(document, error.instancePath))) ?? false;
}

/** Of errors within one another, the inner ones. */
function innermost(errors: readonly ErrorObject[]): ErrorObject[] {
  return errors.filter(
    ({ instancePath }) =>
      !errors.some((other) => other.instancePath.startsWith(`${instancePath}/`)),
  );
}

/** One error a place and keyword, with the allowed values of all branches together. */
function mergeEnums(errors: readonly ErrorObject[]): ErrorObject[] {
  const merged = new Map<string, ErrorObject>();
  for (const error of errors) {
    const { missingProperty, additionalProperty, unevaluatedProperty } = error.params;
    const what = missingProperty ?? additionalProperty ?? unevaluatedProperty ?? '';
    const keyword =
      error.keyword === 'unevaluatedProperties' ? 'additionalProperties' : error.keyword;
    const key = `${error.instancePath} ${keyword} ${what}`;
    const known = merged.get(key);
    if (!known) merged.set(key, { ...error, params: { ...error.params } });
    else if (error.keyword === 'enum')
      known.params['allowedValues'] = [
        ...new Set([...known.params['allowedValues'], ...error.params['allowedValues']]),
      ];
  }
  return [...merged.values()];
}

/** An error in our words: where, what, and what to do. Needs Ajv's `verbose`. */
export function describeError(
  error: ErrorObject,
  document: unknown,
): { at: string; message: string; mend: string } {
  const { instancePath: at, params, keyword } = error;
  const owner = nameOf(at);
  const unknown: unknown = params['additionalProperty'] ?? params['unevaluatedProperty'];
  if (keyword === 'required') {
    const missing = String(params['missingProperty']);
    return { at, message: `${owner} lacks ${missing}`, mend: `add ${missing}` };
  }
  if (typeof unknown === 'string') {
    const known = Object.keys(asObject(error.parentSchema?.['properties']));
    const near = nearest(unknown, known);
    const path = at === '/paths' && !unknown.startsWith('/');
    const mend = path ? 'begin the path with a slash' : near ? `did you mean ${near}?` : undefined;
    const message = `${unknown} is not known in ${owner}`;
    return { at: child(at, unknown), message, mend: mend ?? 'remove it, or begin it with x-' };
  }
  const value = show(resolvePointer(document, at));
  if (keyword === 'enum') {
    const allowed = (params['allowedValues'] as unknown[]).map(String);
    const near = nearest(value.replaceAll('"', ''), allowed);
    const mend = near ? `did you mean ${near}?` : 'write one of them';
    return { at, message: `${value} is not one of ${allowed.join(', ')}`, mend };
  }
  if (keyword === 'type')
    return {
      at,
      message: `${value} is no ${String(params['type'])}`,
      mend: `write ${String(params['type'])}`,
    };
  return {
    at,
    message: `${owner} ${error.message ?? keyword}`,
    mend: 'see the OpenAPI Specification',
  };
}

/** `petId`, `parameters[2]`: enough for a message that also has the pointer. */
function nameOf(pointer: string): string {
  const [holder, key = 'the document'] = ['', ...pathOf(pointer)].slice(-2);
  return holder && /^\d{1,2}$/.test(key) ? `${holder}[${key}]` : key;
}

function asObject(value: unknown): Json {
  return isObject(value) ? value : {};
}
