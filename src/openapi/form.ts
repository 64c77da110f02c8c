/**
 * `application/x-www-form-urlencoded` bodies (OpenAPI 3.1.1, 4.8.14.4): each property is read as a
 * query parameter of its name would be. `encoding` gives a property a style; without one a list is
 * a repeated name, and an object is JSON text.
 */
import type { Issue } from '../message.ts';
import { compileCoerce, type Coerce, type Tree } from './coerce.ts';
import { malformed, reading, report, type ContentLimits, type ReadContent } from './reading.ts';
import { compileFill } from './default.ts';
import { compileGather, type Gather } from './gather.ts';
import { decodeUtf8 } from './json.ts';
import { faultOf, itemsTakeText, readStyle, type Declared } from './parameter.ts';
import { child, isObject } from './pointer.ts';
import { splitPairs, type Occurrences } from './query.ts';
import { put, type Json, type References } from './reference.ts';
import type { Schemas } from './schema.ts';
import { additionalOf, propertiesOf, type, typesOf } from './shape.ts';
import { decodePlus, nameOf } from './style.ts';

interface Field {
  name: string;
  gather: Gather;
  coerce: Coerce;
}

/** `source` is a media type object; its `schema` says what the properties are. */
export function compileForm(source: Json, schemas: Schemas, limits: ContentLimits): ReadContent {
  const { references } = schemas;
  const schema = source['schema'];
  const encodings = isObject(source['encoding']) ? source['encoding'] : {};
  const prefixes: string[] = [];
  const fields = [...propertiesOf(schema, references)].map(([name, property]): Field => {
    const encoding = isObject(encodings[name]) ? encodings[name] : {};
    if (encoding['style'] === 'deepObject') prefixes.push(`${name}[`);
    return compileField(name, property, encoding, references);
  });
  const names = new Set(fields.map(({ name }) => name));
  const isOther = (name: string) =>
    !names.has(name) && !prefixes.some((prefix) => name.startsWith(prefix));
  const coerceOther = compileCoerce(additionalOf(schema, references), references);
  const check = schemas.compile(schema, 'request');
  const fill = compileFill(schema, references);
  return (bytes, _, issues) => {
    const text = reading('form', () => decodeUtf8(bytes));
    const all = splitPairs(text, limits.fieldsMax);
    if (!all) throw malformed(`The form has more than ${limits.fieldsMax} fields (fieldsMax).`);
    const value: Json = {};
    const before = issues.length;
    for (const field of fields) {
      attempt(field.name, issues, () => {
        const tree = field.gather(all.get(field.name), all);
        if (tree !== undefined) put(value, field.name, field.coerce(tree));
      });
    }
    readOthers(value, all, isOther, coerceOther, issues);
    fill?.(value);
    // What could not even be read would only be reported again, as missing.
    if (issues.length === before) report(check, value, issues);
    return { kind: 'form', value };
  };
}

function compileField(
  name: string,
  schema: unknown,
  encoding: Json,
  references: References,
): Field {
  const bits = typesOf(schema, references);
  const isStyled = ['style', 'explode', 'allowReserved'].some((key) => encoding[key] !== undefined);
  const isJson = /[/+]json\b/i.test(String(encoding['contentType'] ?? '')) && !isStyled;
  const isJsonObject = !isStyled && bits !== type.any && (bits & type.object) !== 0;
  const declared: Declared = {
    name,
    place: 'query',
    // Text for the coercion to parse, not parts to gather.
    schema: isJson || isJsonObject ? { type: 'string' } : schema,
    ...readStyle(encoding, 'form'),
    decode: decodePlus,
    required: false,
    allowEmptyValue: false,
    isJson: false,
    cutsEncoded: !itemsTakeText(schema, references),
  };
  const gather = compileGather(declared, references, () => false);
  return { name, gather, coerce: isJson ? parseLoosely : compileCoerce(schema, references) };
}

/** JSON text as what it says; other text stays, for the schema to refuse. */
export function parseLoosely(tree: Tree): unknown {
  try {
    return typeof tree === 'string' ? (JSON.parse(tree) as unknown) : tree;
  } catch {
    return tree;
  }
}

function readOthers(
  value: Json,
  all: Occurrences,
  isOther: (name: string) => boolean,
  coerce: Coerce,
  issues: Issue[],
): void {
  for (const [name, raw] of all) {
    if (!isOther(name)) continue;
    attempt(name, issues, () => {
      const tree: Tree = typeof raw === 'string' ? decodePlus(raw) : raw.map(decodePlus);
      put(value, nameOf(name), coerce(tree));
    });
  }
}

/** Runs a step; text it cannot take apart becomes an issue of that property. */
function attempt(name: string, issues: Issue[], step: () => void): void {
  try {
    step();
  } catch (error) {
    issues.push({ in: 'body', at: child('', name), message: faultOf(error) });
  }
}
