/** Values that fit a schema of a contract: its examples where it has some, else made up. */

export type Json = Record<string, unknown>;

/** Deeper than this, only what is required is made up, and lists stay empty. */
const depthMax = 5;
const hopsMax = 20;

/** A value for a parameter, a media type or a schema itself. */
export function sample(document: Json, holder: Json, depth = 0): unknown {
  if (holder.example !== undefined) return holder.example;
  const [first] = Object.values((holder.examples ?? {}) as Record<string, Json>);
  if (!Array.isArray(holder.examples) && first?.value !== undefined) return first.value;
  const [media] = Object.values((holder.content ?? {}) as Record<string, Json>);
  const schema = resolve(document, (holder.schema ?? media?.schema ?? holder) as Json);
  for (const key of ['example', 'default', 'const'] as const)
    if (schema[key] !== undefined) return schema[key];
  if (Array.isArray(schema.examples)) return schema.examples[0];
  if (Array.isArray(schema.enum)) return schema.enum[0];
  return fromParts(document, schema, depth);
}

function fromParts(document: Json, schema: Json, depth: number): unknown {
  const all = list(schema.allOf).map((part) => resolve(document, part));
  if (all.length > 0) {
    const { allOf: _, ...own } = schema;
    return sample(document, merge([...all, own]), depth + 1);
  }
  const variant = list(schema.oneOf)[0] ?? list(schema.anyOf)[0];
  if (!variant) return made(document, schema, depth);
  const { oneOf: _one, anyOf: _any, discriminator: _, ...own } = schema;
  return sample(document, merge([resolve(document, variant), own]), depth + 1);
}

/** Schemas that all hold, as one: good enough for a value that shows the shape. */
function merge(schemas: Json[]): Json {
  const merged: Json = Object.assign({}, ...schemas);
  const properties = schemas.map((schema) => (schema.properties ?? {}) as Json);
  if (properties.some((one) => Object.keys(one).length > 0))
    merged.properties = Object.assign({}, ...properties);
  merged.required = schemas.flatMap((schema) => list(schema.required));
  return merged;
}

function made(document: Json, schema: Json, depth: number): unknown {
  switch (typeOf(schema)) {
    case 'integer':
    case 'number':
      return numberOf(schema);
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'array':
      return arrayOf(document, schema, depth);
    case 'object':
      return objectOf(document, schema, depth);
    default:
      return textOf(schema);
  }
}

function typeOf(schema: Json): unknown {
  if (Array.isArray(schema.type)) return schema.type[0];
  if (schema.type !== undefined) return schema.type;
  return schema.properties ? 'object' : undefined;
}

function numberOf({ minimum, maximum, exclusiveMinimum, multipleOf }: Json): number {
  const step = Number(multipleOf ?? 1);
  const least = Math.max(Number(minimum ?? step), Number(exclusiveMinimum ?? -Infinity) + step);
  const value = Math.ceil(least / step) * step;
  return value > Number(maximum ?? Infinity) ? Number(maximum) : value;
}

function arrayOf(document: Json, { items, minItems }: Json, depth: number): unknown[] {
  if (depth > depthMax || !items) return [];
  const one = sample(document, items as Json, depth + 1);
  return Array.from({ length: Math.max(1, Number(minItems ?? 1)) }, () => one);
}

function objectOf(document: Json, schema: Json, depth: number): Json {
  const required = new Set(list(schema.required).map(String));
  const all = Object.entries((schema.properties ?? {}) as Record<string, Json>);
  const kept = all.filter(
    ([name, one]) => required.has(name) || (depth <= depthMax && hasExample(one)),
  );
  const written = kept.filter(([, one]) => one.readOnly !== true);
  return Object.fromEntries(
    depth > depthMax * 2
      ? []
      : written.map(([name, property]) => [name, sample(document, property, depth + 1)]),
  );
}

function hasExample({ example, examples }: Json): boolean {
  return example !== undefined || (Array.isArray(examples) && examples.length > 0);
}

const texts: Record<string, string> = {
  date: '2026-01-31',
  'date-time': '2026-01-31T12:00:00Z',
  time: '12:00:00Z',
  duration: 'PT1H',
  uuid: '6a2f41a3-c54c-4b01-90e6-d701748f0851',
  email: 'ada@example.org',
  hostname: 'example.org',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.org',
};

function textOf({ format, minLength, maxLength }: Json): string {
  const known = texts[String(format)];
  if (known) return known;
  return 'Ada'.padEnd(Number(minLength ?? 0), 'a').slice(0, Number(maxLength ?? Infinity));
}

/** What a reference leads to within the document; an empty object where it leads nowhere. */
export function resolve(document: Json, value: Json): Json {
  let found = value;
  for (let hops = 0; typeof found.$ref === 'string' && hops < hopsMax; hops++) {
    let target: unknown = document;
    for (const part of found.$ref.split('/').slice(1))
      target = (target as Json | undefined)?.[part.replaceAll('~1', '/').replaceAll('~0', '~')];
    found = (target ?? {}) as Json;
  }
  return found;
}

export function list(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}
