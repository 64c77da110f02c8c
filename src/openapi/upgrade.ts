/**
 * Swagger 2.0 and OpenAPI 3.0 to 3.1, by @scalar/openapi-upgrader. What that loses of 2.0 (each
 * seen by running it) is rewritten before, or carried over after.
 */
import { FuncatronError } from '../errors.ts';
import type { Issue } from '../message.ts';
import { follow, isObject } from './pointer.ts';
import { show } from './setting-value.ts';
import { fillDangling } from './tolerance.ts';
import { methods, visit } from './visit.ts';

type Json = Record<string, unknown>;
export type OpenApiVersion = '2.0' | '3.0' | '3.1';

/** Where an operation of 3.1 has the name that its body had as a parameter of 2.0. */
export const bodyNameKey = 'x-codegen-request-body-name';

/** The version a document says it is; undefined when it says none that is supported. */
export function openApiVersion(document: Json): OpenApiVersion | undefined {
  if (document['swagger'] === '2.0') return '2.0';
  const { openapi } = document;
  if (typeof openapi !== 'string') return undefined;
  if (/^3\.0\.\d/.test(openapi)) return '3.0';
  return /^3\.1\.\d/.test(openapi) ? '3.1' : undefined;
}

/** What to say of a document of no supported version. */
export function versionIssue(document: Json): Issue {
  const said = document['openapi'] ?? document['swagger'];
  const name = document['swagger'] === undefined ? 'openapi' : 'swagger';
  return {
    in: 'document',
    at: said === undefined ? '' : `/${name}`,
    message:
      said === undefined
        ? 'the document names no version'
        : `version ${show(said)} is not supported`,
    mend: 'write swagger: "2.0", openapi: 3.0.4 or openapi: 3.1.1',
  };
}

/** The document as 3.1. Changes `document`, which must share nothing with itself. */
export async function upgradeDocument(document: Json, version: OpenApiVersion): Promise<Json> {
  if (version === '3.1') return dropNullable(document);
  const { upgrade } = await import('@scalar/openapi-upgrader');
  try {
    if (version === '2.0') fillDangling(document);
    const finish = version === '2.0' ? prepareSwagger(document) : () => {};
    const upgraded = upgrade(document, '3.1') as Json;
    finish(upgraded);
    return dropNullable(upgraded);
  } catch (thrown) {
    throw new FuncatronError(
      'contract_invalid',
      `the document cannot be read as OpenAPI ${version}; run funcatron check on it`,
      { cause: thrown },
    );
  }
}

/** A stray `nullable` is no keyword of 3.1, but Ajv refuses to compile it. */
function dropNullable(document: Json): Json {
  visit(document, (kind, value) => {
    if (kind === 'schema') delete value['nullable'];
  });
  return document;
}

/** Rewrites what the upgrader would lose; what it returns puts the rest into its result. */
function prepareSwagger(document: Json): (upgraded: Json) => void {
  const formsRequired: [path: string, method: string][] = [];
  const { paths } = document;
  for (const [path, pathItem] of Object.entries(isObject(paths) ? paths : {})) {
    if (!isObject(pathItem)) continue;
    const shared = inlineBodies(document, pathItem);
    if (shared.length > 0)
      pathItem['parameters'] = shared.filter((parameter) => !isBody(parameter));
    for (const method of methods) {
      const operation = pathItem[method];
      if (!isObject(operation)) continue;
      const own = inlineBodies(document, operation);
      const parameters = [...shared.filter((other) => isBody(other, own)), ...own];
      if (parameters.length > 0) operation['parameters'] = structuredClone(parameters);
      const body = parameters.find((parameter) => parameter['in'] === 'body');
      if (body) operation[bodyNameKey] ??= body['name'];
      prepareForm(document, operation, parameters);
      prepareFiles(document, operation);
      const required = parameters.some((field) => field['in'] === 'formData' && field['required']);
      if (required) formsRequired.push([path, method]);
    }
  }
  dropSharedBodies(document);
  visit(document, (kind, value) => {
    if (kind === 'parameter' || kind === 'header') keepCollectionFormat(kind, value);
  });
  return (upgraded) => {
    for (const [path, method] of formsRequired) {
      const operation = (upgraded['paths'] as Record<string, Json>)[path]![method] as Json;
      if (isObject(operation['requestBody'])) operation['requestBody']['required'] = true;
    }
  };
}

/** The upgrader leaves a `$ref` to a body or form parameter among the parameters. */
function inlineBodies(document: Json, owner: Json): Json[] {
  const parameters = Array.isArray(owner['parameters']) ? owner['parameters'] : [];
  return parameters.filter(isObject).map((parameter) => {
    const target = follow(document, parameter)?.value;
    return target && isBody(target) ? target : parameter;
  });
}

/** A body or form parameter; with `own`, one that these do not replace. */
function isBody(parameter: Json, own: readonly Json[] = []): boolean {
  const { in: place, name } = parameter;
  if (place === 'body') return !own.some((other) => other['in'] === 'body');
  if (place !== 'formData') return false;
  return !own.some((other) => other['in'] === 'formData' && other['name'] === name);
}

function dropSharedBodies(document: Json): void {
  const shared = document['parameters'];
  if (!isObject(shared)) return;
  for (const [name, parameter] of Object.entries(shared))
    if (isObject(parameter) && isBody(parameter)) delete shared[name];
}

/** Without a form type in `consumes`, the upgrader takes every form for multipart alone. */
function prepareForm(document: Json, operation: Json, parameters: readonly Json[]): void {
  const fields = parameters.filter((parameter) => parameter['in'] === 'formData');
  if (fields.length === 0) return;
  const multipart = 'multipart/form-data';
  const urlencoded = 'application/x-www-form-urlencoded';
  const consumes = operation['consumes'] ?? document['consumes'];
  const types = Array.isArray(consumes) ? consumes : [];
  if (types.includes(multipart) || types.includes(urlencoded)) return;
  const file = fields.some((field) => field['type'] === 'file');
  operation['consumes'] = file ? [multipart] : [urlencoded, multipart];
}

/** A file without `produces` is of any type, not the JSON that the upgrader makes of it. */
function prepareFiles(document: Json, operation: Json): void {
  const { responses } = operation;
  const produces = operation['produces'] ?? document['produces'];
  for (const response of Object.values(isObject(responses) ? responses : {})) {
    if (!isObject(response) || !isObject(response['schema'])) continue;
    if (response['schema']['type'] !== 'file' || Array.isArray(produces)) continue;
    delete response['schema'];
    response['content'] = { '*/*': { schema: { type: 'string', format: 'binary' } } };
  }
}

/**
 * 3.x has styles for `csv`, `multi` and, in a query, `ssv` and `pipes`. The others would be lost,
 * and an array in a form without a format would turn from `csv` into `multi`.
 */
function keepCollectionFormat(kind: 'parameter' | 'header', value: Json): void {
  if (value['type'] !== 'array') return;
  const format = value['collectionFormat'] ?? 'csv';
  const { in: place } = value;
  if (place === 'formData') value['collectionFormat'] = format;
  const styled =
    place === 'query' || place === 'formData'
      ? ['csv', 'multi', 'ssv', 'pipes']
      : ['csv', ...(kind === 'header' ? [] : ['multi'])];
  if (!styled.includes(String(format))) value['x-collectionFormat'] = format;
  if (kind === 'header') delete value['collectionFormat'];
}
