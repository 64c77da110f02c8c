/** All parameters of an operation, read together, so that every issue is reported at once. */
import type { Headers, Issue, Params } from '../message.ts';
import { isObject } from './pointer.ts';
import { compileReader, readDeclared, type Declared, type Reader } from './parameter.ts';
import { splitCookies, splitPairs, type Occurrences } from './query.ts';
import { put, type Json } from './reference.ts';
import type { Schemas } from './schema.ts';
import { propertiesOf } from './shape.ts';

export type ReadParams = (
  raw: Record<string, string | undefined>,
  query: string,
  headers: Headers,
  issues: Issue[],
) => Params;

/** Headers that OpenAPI describes elsewhere and ignores as parameters (3.1.1, 4.8.12.2). */
const ignoredHeaders: ReadonlySet<string> = new Set(['accept', 'content-type', 'authorization']);

const none: Record<string, unknown> = Object.freeze({});
const noOccurrences: Occurrences = new Map();

/**
 * Compiles parameter objects, which may be references. The function costs what is declared: no
 * query parameter, no parsing of the query; a place without parameters shares one empty object.
 */
export function compileParameters(parameters: readonly unknown[], schemas: Schemas): ReadParams {
  const declared = parameters
    .map((parameter) => schemas.references.resolve(parameter))
    .filter(isObject)
    .map((parameter) => readDeclared(parameter, schemas.references));
  const claims = (owner: Declared) => compileClaims(declared, owner, schemas);
  const within = (place: string) =>
    declared
      .filter((one) => one.place === place)
      .filter((one) => place !== 'header' || !ignoredHeaders.has(one.name.toLowerCase()))
      .map((one) => compileReader(one, schemas, 'request', claims(one)));
  const [path, query, cookie] = [within('path'), within('query'), within('cookie')];
  const header = within('header').map((reader): [string, Reader] => [
    reader.name.toLowerCase(),
    reader,
  ]);
  return (raw, queryText, headers, issues) => ({
    path: path.length === 0 ? none : readPath(path, raw, issues),
    query: query.length === 0 ? none : readAll(query, splitPairs(queryText), issues),
    header: header.length === 0 ? none : readHeaders(header, headers, issues),
    cookie: cookie.length === 0 ? none : readAll(cookie, splitCookies(headers['cookie']), issues),
  });
}

/** Names that other parameters of the same place have, their exploded properties included. */
function compileClaims(
  declared: readonly Declared[],
  owner: Declared,
  schemas: Schemas,
): (name: string) => boolean {
  const others = declared.filter((one) => one !== owner && one.place === owner.place);
  const names = new Set<string>();
  const prefixes: string[] = [];
  for (const { name, style, explode, schema } of others) {
    names.add(name);
    if (style === 'deepObject') prefixes.push(`${name}[`);
    else if (style === 'form' && explode) {
      for (const property of propertiesOf(schema, schemas.references).keys()) names.add(property);
    }
  }
  return (name) => names.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
}

function readPath(
  readers: readonly Reader[],
  raw: Record<string, string | undefined>,
  issues: Issue[],
): Json {
  const values: Json = {};
  for (const reader of readers) {
    const value = reader.read(raw[reader.name], noOccurrences, issues);
    if (value !== undefined) put(values, reader.name, value);
  }
  return values;
}

function readAll(readers: readonly Reader[], all: Occurrences | undefined, issues: Issue[]): Json {
  const values: Json = {};
  if (all === undefined) return values;
  for (const reader of readers) {
    const value = reader.read(all.get(reader.name), all, issues);
    if (value !== undefined) put(values, reader.name, value);
  }
  return values;
}

/** Values come under the names as declared, whatever their case in the request. */
function readHeaders(
  readers: readonly (readonly [string, Reader])[],
  headers: Headers,
  issues: Issue[],
): Json {
  const values: Json = {};
  for (const [name, reader] of readers) {
    const raw = Object.hasOwn(headers, name) ? headers[name] : undefined;
    const value = reader.read(raw, noOccurrences, issues);
    if (value !== undefined) put(values, reader.name, value);
  }
  return values;
}
