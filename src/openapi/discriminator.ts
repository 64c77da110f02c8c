/**
 * `discriminator` (OpenAPI 3.1.1, 4.8.25): which branch a value's tag selects. Ajv knows the keyword
 * only with inline tags and no `mapping`, so the branches are worked out here.
 */
import { isObject, pathOf, refPointer } from './pointer.ts';
import type { Json, References } from './reference.ts';
import { facets, list, propertiesOf } from './shape.ts';

export interface Branch {
  /** Values of the tag that select the branch. */
  tags: string[];
  schema: unknown;
}

export interface Choice {
  /** The property that holds the tag. */
  property: string;
  branches: Branch[];
}

/**
 * The choice a schema with `discriminator` and `oneOf` or `anyOf` makes; undefined when it has none,
 * or when some branch cannot be told by a tag: then `oneOf` and `anyOf` mean what they say.
 */
export function choiceOf(schema: Json, references: References): Choice | undefined {
  const property = tagProperty(schema);
  const schemas = [...list(schema['oneOf']), ...list(schema['anyOf'])];
  if (property === undefined || schemas.length === 0) return undefined;
  const taken = new Set<string>();
  const branches = readMapping(schema, references, taken);
  for (const branch of schemas) {
    const target = references.resolve(branch);
    let found = branches.find((one) => references.resolve(one.schema) === target);
    if (!found) branches.push((found = { tags: [], schema: branch }));
    found.tags.push(...ownTags(branch, property, references).filter((tag) => !taken.has(tag)));
    for (const tag of found.tags) taken.add(tag);
  }
  return branches.every(({ tags }) => tags.length > 0) ? { property, branches } : undefined;
}

function tagProperty(schema: Json): string | undefined {
  const discriminator = schema['discriminator'];
  if (!isObject(discriminator)) return undefined;
  const property = discriminator['propertyName'];
  return typeof property === 'string' ? property : undefined;
}

/** `mapping` names a component or holds a reference. */
function readMapping(schema: Json, references: References, taken: Set<string>): Branch[] {
  const branches: Branch[] = [];
  const mapping = (schema['discriminator'] as Json)['mapping'];
  for (const [tag, name] of Object.entries(isObject(mapping) ? mapping : {})) {
    if (typeof name !== 'string') continue;
    const $ref = /^[\w.-]+$/.test(name) ? `#/components/schemas/${name}` : name;
    const target = references.find($ref);
    const same = branches.find((one) => references.resolve(one.schema) === target);
    if (same) same.tags.push(tag);
    else branches.push({ tags: [tag], schema: { $ref } });
    taken.add(tag);
  }
  return branches;
}

/** The values a branch allows its tag, else the name of the component it refers to. */
function ownTags(branch: unknown, property: string, references: References): string[] {
  const declared = propertiesOf(branch, references, false).get(property);
  const values = facets(declared, references).flatMap((facet) =>
    Object.hasOwn(facet, 'const') ? [facet['const']] : list(facet['enum']),
  );
  const tags = values.filter((value) => typeof value === 'string');
  if (tags.length > 0) return tags;
  const ref = isObject(branch) ? branch['$ref'] : undefined;
  const pointer = typeof ref === 'string' ? refPointer(ref) : undefined;
  return pointer === undefined ? [] : pathOf(pointer).slice(-1);
}

/**
 * The choice a base schema makes: one with `discriminator` alone, which other components build upon
 * by `allOf` (3.1.1, 4.8.25.4). Its heirs, their heirs included, are told by mapping or by name.
 */
export function heirsOf(schema: Json, references: References): Choice | undefined {
  const property = tagProperty(schema);
  if (property === undefined || (schema['oneOf'] ?? schema['anyOf'])) return undefined;
  const taken = new Set<string>();
  const mapped = readMapping(schema, references, taken);
  const components = references.document['components'];
  const schemas = isObject(components) ? components['schemas'] : undefined;
  for (const [name, component] of Object.entries(isObject(schemas) ? schemas : {})) {
    if (component === schema || taken.has(name)) continue;
    if (mapped.some((one) => references.resolve(one.schema) === component)) continue;
    const isHeir = facets(component, references, false).includes(schema);
    if (isHeir) mapped.push({ tags: [name], schema: component });
  }
  const branches = mapped.filter((one) => references.resolve(one.schema) !== schema);
  return branches.length > 0 ? { property, branches } : undefined;
}
