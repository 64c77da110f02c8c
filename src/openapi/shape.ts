/**
 * What a schema says about the shape of a value, seen through `$ref`, `allOf`, `anyOf` and `oneOf`:
 * enough to turn text into numbers, arrays and objects before the schema itself judges them.
 */
import { isObject } from './pointer.ts';
import type { Json, References } from './reference.ts';

/** JSON types as bits. `number` has two: one shared with `integer`, one for fractions. */
export const type = {
  null: 1,
  boolean: 2,
  integer: 4,
  number: 12,
  string: 16,
  array: 32,
  object: 64,
  any: 127,
} as const;

const names: readonly (readonly [string, number])[] = Object.entries(type).filter(
  ([name]) => name !== 'any',
);

/** The types a schema lets through, as bits of `type`. */
export function typesOf(schema: unknown, references: References): number {
  return typesWithin(schema, references, new Set());
}

function typesWithin(schema: unknown, references: References, seen: Set<unknown>): number {
  if (!isObject(schema) || seen.has(schema)) return type.any;
  const within = (part: unknown) => typesWithin(part, references, new Set(seen).add(schema));
  let bits = ownTypes(schema);
  if (typeof schema['$ref'] === 'string') bits &= within(references.find(schema['$ref']));
  for (const part of list(schema['allOf'])) bits &= within(part);
  for (const key of ['anyOf', 'oneOf']) {
    const branches = list(schema[key]);
    if (branches.length > 0) bits &= branches.reduce<number>((sum, part) => sum | within(part), 0);
  }
  return bits;
}

function ownTypes(schema: Json): number {
  const declared = schema['type'];
  if (declared !== undefined) return typeBits(declared);
  if (Object.hasOwn(schema, 'const')) return valueType(schema['const']);
  if (Array.isArray(schema['enum'])) {
    return schema['enum'].reduce<number>((bits, value) => bits | valueType(value), 0);
  }
  // A schema that speaks of properties or items without naming its type means an object or array.
  if (isObject(schema['properties']) || isObject(schema['additionalProperties'])) {
    return type.object;
  }
  return schema['items'] !== undefined || schema['prefixItems'] !== undefined
    ? type.array
    : type.any;
}

/** The bits of `type` keyword's value. */
export function typeBits(declared: unknown): number {
  const wanted = Array.isArray(declared) ? declared : [declared];
  return names.reduce((bits, [name, bit]) => (wanted.includes(name) ? bits | bit : bits), 0);
}

/** The type of a value, as one bit of `type`; none for numbers that JSON does not have. */
export function valueType(value: unknown): number {
  if (value === null) return type.null;
  if (Array.isArray(value)) return type.array;
  switch (typeof value) {
    case 'boolean':
      return type.boolean;
    case 'number':
      if (Number.isInteger(value)) return type.integer;
      return Number.isFinite(value) ? type.number & ~type.integer : 0;
    case 'string':
      return type.string;
    default:
      return type.object;
  }
}

/** Type names for people: `integer or null`. */
export function typeNames(bits: number): string {
  const isInteger = (bits & type.number) === type.integer;
  const said = names.filter(([name, bit]) => {
    if (name === 'integer') return isInteger;
    return name === 'number' ? !isInteger && (bits & bit) !== 0 : (bits & bit) !== 0;
  });
  return said.map(([name]) => name).join(' or ');
}

/** The schema and all it is composed of: `$ref`, `allOf` and, if `branches`, `anyOf` and `oneOf`. */
export function facets(schema: unknown, references: References, branches = true): Json[] {
  const found: Json[] = [];
  const visit = (part: unknown): void => {
    if (!isObject(part) || found.includes(part)) return;
    found.push(part);
    if (typeof part['$ref'] === 'string') visit(references.find(part['$ref']));
    for (const key of branches ? ['allOf', 'anyOf', 'oneOf'] : ['allOf']) {
      for (const inner of list(part[key])) visit(inner);
    }
  };
  visit(schema);
  return found;
}

/** Properties by name; one that several branches declare differently is any of theirs. */
export function propertiesOf(
  schema: unknown,
  references: References,
  branches = true,
): Map<string, unknown> {
  const properties = new Map<string, unknown>();
  for (const facet of facets(schema, references, branches)) {
    if (!isObject(facet['properties'])) continue;
    for (const [name, property] of Object.entries(facet['properties'])) {
      const earlier = properties.get(name);
      properties.set(name, earlier === undefined ? property : { anyOf: [earlier, property] });
    }
  }
  return properties;
}

/** The schema of properties nobody declared: a schema, `true`, or undefined where none is said. */
export function additionalOf(schema: unknown, references: References): unknown {
  for (const facet of facets(schema, references)) {
    const additional = facet['additionalProperties'];
    if (isObject(additional) || additional === true) return additional;
  }
  return undefined;
}

export interface Items {
  first: readonly unknown[];
  rest: unknown;
}

/** Schemas of an array's items: those by position, then that of all others. */
export function itemsOf(schema: unknown, references: References, branches = true): Items {
  const all = facets(schema, references, branches);
  const first = all.find((facet) => Array.isArray(facet['prefixItems']))?.['prefixItems'];
  const rest = all.find((facet) => isObject(facet['items']))?.['items'];
  return { first: list(first), rest };
}

/** The default of a schema: its own, else that of what it refers to; undefined for none. */
export function defaultOf(schema: unknown, references: References): unknown {
  return facets(schema, references, false).find((facet) => facet['default'] !== undefined)?.[
    'default'
  ];
}

/** Whether a schema, or what it refers to, carries `readOnly` or `writeOnly`. */
export function isMarked(schema: unknown, mark: string, references: References): boolean {
  return facets(schema, references, false).some((facet) => facet[mark] === true);
}

/** Raw bytes (OpenAPI 3.1, 4.4.2): `contentMediaType` without an encoding, or `format: binary`. */
export function isBinary(schema: unknown, references: References): boolean {
  return facets(schema, references).some(
    (facet) =>
      facet['format'] === 'binary' ||
      (facet['contentMediaType'] !== undefined && facet['contentEncoding'] === undefined),
  );
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
