/**
 * Schemas of an OpenAPI document as the JSON Schema engine takes them, one direction at a time.
 * Examples and annotations are left out; references name schemas of the engine's registry;
 * `readOnly` and `writeOnly` become refusals; `discriminator` becomes a plain choice.
 */
import { choiceOf, heirsOf } from './discriminator.ts';
import { isObject } from './pointer.ts';
import type { Json, References } from './reference.ts';
import { isMarked, list, propertiesOf } from './shape.ts';

/** A request carries no `readOnly` property, a response no `writeOnly` one. */
export type Direction = 'request' | 'response';

export interface Preparation {
  references: References;
  direction: Direction;
  formats: ReadonlySet<string>;
  /** The engine's name for a schema; as a base it makes no choice among its heirs. */
  nameOf(schema: Json, standing: 'component' | 'base'): string;
}

/** Keywords of our own: nothing may stand where they do. */
export const refusals = { request: 'readOnlyRefused', response: 'writeOnlyRefused' } as const;

const marks = { request: 'readOnly', response: 'writeOnly' } as const;

const single = [
  'not',
  'if',
  'then',
  'else',
  'items',
  'contains',
  'additionalProperties',
  'propertyNames',
  'unevaluatedItems',
  'unevaluatedProperties',
];
const lists = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const maps = ['patternProperties', 'dependentSchemas'];
const copied = [
  'const',
  'multipleOf',
  'maximum',
  'exclusiveMaximum',
  'minimum',
  'exclusiveMinimum',
  'maxLength',
  'minLength',
  'pattern',
  'maxItems',
  'minItems',
  'uniqueItems',
  'maxContains',
  'minContains',
  'maxProperties',
  'minProperties',
  'dependentRequired',
];
const typeNames = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'];

/**
 * Where a schema stands. What a component's `allOf` refers to is its base, and a base makes no
 * choice among its heirs: it would lead back to the component.
 */
type Standing = 'component' | 'base' | 'inline';

/**
 * A copy of one schema. `hidden` names properties that a surrounding schema refuses in this
 * direction, so that a part of its `allOf` may require them without effect.
 */
export function prepareSchema(
  schema: unknown,
  preparation: Preparation,
  standing: Standing = 'inline',
  hidden: ReadonlySet<string> = new Set(),
): Json | boolean {
  if (!isObject(schema)) return schema !== false;
  const own = new Set([...hidden, ...hiddenOf(schema, preparation)]);
  const prepared = copyPlain(schema, preparation);
  const inner = (part: unknown) => prepareSchema(part, preparation);
  for (const key of single) {
    if (schema[key] !== undefined && !Array.isArray(schema[key]))
      prepared[key] = inner(schema[key]);
  }
  if (Array.isArray(schema['items'])) prepared['prefixItems'] = schema['items'].map(inner);
  for (const key of maps) {
    if (isObject(schema[key])) prepared[key] = mapValues(schema[key], inner);
  }
  for (const key of lists) {
    const parts = list(schema[key]);
    if (parts.length === 0) continue;
    prepared[key] =
      key === 'prefixItems'
        ? parts.map(inner)
        : parts.map((part) => prepareSchema(part, preparation, inherit(key, standing), own));
  }
  addProperties(prepared, schema, own, preparation);
  addReference(prepared, schema, preparation, standing === 'base');
  addChoice(prepared, schema, preparation);
  return prepared;
}

function inherit(key: string, standing: Standing): Standing {
  return key === 'allOf' && standing !== 'inline' ? 'base' : 'inline';
}

function copyPlain(schema: Json, { formats }: Preparation): Json {
  const prepared: Json = {};
  for (const key of copied) if (schema[key] !== undefined) prepared[key] = schema[key];
  const types = [schema['type']].flat().filter((name) => typeNames.includes(String(name)));
  if (types.length > 0) prepared['type'] = types.length === 1 ? types[0] : types;
  if (list(schema['enum']).length > 0) prepared['enum'] = schema['enum'];
  let format = schema['format'] ?? encodingFormat(schema['contentEncoding']);
  const isText =
    types.includes('string') && !types.includes('integer') && !types.includes('number');
  if (format === 'int64' && isText) format = 'int64-text';
  if (typeof format === 'string' && formats.has(format)) prepared['format'] = format;
  return prepared;
}

/** 3.1 writes 3.0's `format: byte` as an encoding. */
function encodingFormat(encoding: unknown): string | undefined {
  return encoding === 'base64' ? 'byte' : undefined;
}

function addProperties(
  prepared: Json,
  schema: Json,
  hidden: ReadonlySet<string>,
  preparation: Preparation,
): void {
  const { direction, references } = preparation;
  if (isObject(schema['properties'])) {
    prepared['properties'] = mapValues(schema['properties'], (property) =>
      isMarked(property, marks[direction], references)
        ? { [refusals[direction]]: true }
        : prepareSchema(property, preparation),
    );
  }
  const required = list(schema['required']).filter(
    (name) => typeof name === 'string' && !hidden.has(name),
  );
  if (required.length > 0) prepared['required'] = [...new Set(required)];
}

/** Names of properties that may not come in this direction. */
function hiddenOf(schema: Json, { direction, references }: Preparation): string[] {
  return [...propertiesOf(schema, references, false)]
    .filter(([, property]) => isMarked(property, marks[direction], references))
    .map(([name]) => name);
}

function addReference(
  prepared: Json,
  schema: Json,
  preparation: Preparation,
  isBase: boolean,
): void {
  const ref = schema['$ref'] ?? schema['$dynamicRef'] ?? schema['$recursiveRef'];
  if (typeof ref !== 'string') return;
  const target = preparation.references.find(ref);
  if (isObject(target))
    prepared['$ref'] = preparation.nameOf(target, isBase ? 'base' : 'component');
  else if (target === false) prepared['not'] = {};
}

/** A tag's choice in the only form Ajv's own `discriminator` takes: inline tags, all required. */
function addChoice(prepared: Json, schema: Json, preparation: Preparation): void {
  const choice = choiceOf(schema, preparation.references);
  if (!choice) return;
  delete prepared['oneOf'];
  delete prepared['anyOf'];
  const { property } = choice;
  prepared['type'] ??= 'object';
  prepared['discriminator'] = { propertyName: property };
  prepared['required'] = [...new Set([...list(prepared['required']), property])];
  prepared['oneOf'] = choice.branches.map(({ tags, schema: branch }) => ({
    properties: { [property]: { enum: tags } },
    allOf: [prepareSchema(branch, preparation)],
  }));
}

/** What the heirs of a base schema add, where the value's tag names one of them. */
export function prepareHeirs(schema: Json, preparation: Preparation): Json[] {
  const choice = heirsOf(schema, preparation.references);
  if (!choice) return [];
  const { property } = choice;
  return choice.branches.map(({ tags, schema: heir }) => {
    const target = preparation.references.resolve(heir) as Json;
    const isTagged = { properties: { [property]: { enum: tags } }, required: [property] };
    return { if: { not: isTagged }, else: { $ref: preparation.nameOf(target, 'component') } };
  });
}

function mapValues(source: Json, map: (value: unknown) => unknown): Json {
  return Object.fromEntries(Object.entries(source).map(([key, value]) => [key, map(value)]));
}
