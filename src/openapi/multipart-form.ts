/**
 * `multipart/form-data` bodies by their schema (OpenAPI 3.1.1, 4.8.14.5): each property is one part,
 * a list as many as it has items. A part is a file where the schema says so (`format: binary`,
 * `contentMediaType`), or says nothing and the part has a file name; an object is JSON.
 */
import type { Issue } from '../message.ts';
import { compileCoerce, type Coerce } from './coerce.ts';
import { bodyIssue, decodeText, malformed, report } from './reading.ts';
import type { ContentLimits, ReadContent } from './reading.ts';
import { compileFill } from './default.ts';
import { parseLoosely } from './form.ts';
import { isJson, isWithin, parseMedia, type Media } from './media.ts';
import { parseMultipart, type Part } from './multipart.ts';
import { readStyle } from './parameter.ts';
import { child, isObject } from './pointer.ts';
import { add } from './query.ts';
import { put, type Json } from './reference.ts';
import type { Schemas } from './schema.ts';
import { additionalOf, facets, isBinary, itemsOf, propertiesOf, type, typesOf } from './shape.ts';
import { compileSplit, nameOf } from './style.ts';

/** What a file part is to a Func. */
export interface FileValue {
  /** Empty when the part names none. */
  filename: string;
  contentType: string;
  bytes: Uint8Array;
}

interface Field {
  isList: boolean;
  /** Undefined where the schema says nothing: then the part decides. */
  isFile: boolean | undefined;
  /** Bytes a file may have. */
  sizeMin: number;
  sizeMax: number;
  /** Media types that `encoding.contentType` allows. */
  types: readonly Media[];
  /** Takes the text of one part apart into a list. */
  split: ((text: string) => unknown) | undefined;
  coerce: Coerce;
}

/** `source` is a media type object; its `schema` says what the properties are. */
export function compileMultipart(
  source: Json,
  schemas: Schemas,
  limits: ContentLimits,
): ReadContent {
  const schema = source['schema'];
  const encodings = isObject(source['encoding']) ? source['encoding'] : {};
  const fields = new Map<string, Field>();
  for (const [name, property] of propertiesOf(schema, schemas.references)) {
    const encoding = isObject(encodings[name]) ? encodings[name] : {};
    fields.set(name, compileField(property, encoding, schemas));
  }
  const other = compileField(additionalOf(schema, schemas.references), {}, schemas);
  const check = schemas.compile(schema, 'request');
  const fill = compileFill(schema, schemas.references);
  return (bytes, media, issues) => {
    const boundary = media.parameters.get('boundary');
    if (boundary === undefined) throw malformed('The multipart content type names no boundary.');
    const byName = new Map<string, Part | Part[]>();
    for (const part of parseMultipart(bytes, boundary, limits)) add(byName, part.name, part);
    const value: Json = {};
    for (const [name, parts] of byName) {
      if (name === '__proto__') issues.push(bodyIssue({ at: '/__proto__', message: refused }));
      else
        put(
          value,
          nameOf(name),
          readField(name, [parts].flat(), fields.get(name) ?? other, issues),
        );
    }
    fill?.(value);
    const shadows = new Set<string>();
    const found: Issue[] = [];
    report(check, shadowOf(value, '', shadows), found);
    issues.push(...found.filter(({ at }) => !shadows.has(at)));
    return { kind: 'multipart', value };
  };
}

const refused = 'must not have a part named "__proto__"';

function compileField(schema: unknown, encoding: Json, { references }: Schemas): Field {
  const bits = typesOf(schema, references);
  const isList = bits !== type.any && (bits & type.array) !== 0;
  const item = isList ? itemsOf(schema, references).rest : schema;
  const sizes = (key: string, usual: number) =>
    facets(item, references).reduce((size, facet) => Number(facet[key] ?? size), usual);
  const isStyled = encoding['style'] !== undefined || encoding['explode'] !== undefined;
  const manner = { name: '', ...readStyle(encoding, 'form'), decode: (text: string) => text };
  const isOpen = typesOf(item, references) === type.any;
  return {
    isList,
    isFile: isBinary(item, references) ? true : isOpen ? undefined : false,
    sizeMin: sizes('minLength', 0),
    sizeMax: sizes('maxLength', Infinity),
    types: String(encoding['contentType'] ?? '')
      .split(',')
      .flatMap((text) => parseMedia(text) ?? []),
    split: isList && isStyled && !manner.explode ? compileSplit(manner, 'list') : undefined,
    coerce: compileCoerce(item, references),
  };
}

function readField(name: string, parts: Part[], field: Field, issues: Issue[]): unknown {
  const at = child('', name);
  const values = parts.map((part, index) => {
    const where = field.isList ? child(at, index) : at;
    return readPart(part, field, (message) => issues.push(bodyIssue({ at: where, message })));
  });
  const [first] = values;
  // The list as one part: JSON, or delimited as `encoding` has it.
  if (field.isList) return values.length === 1 && Array.isArray(first) ? first : values;
  if (values.length === 1) return first;
  if (field.isFile === undefined) return values;
  const message = `is given ${values.length} times, but takes one value`;
  issues.push(bodyIssue({ at, message }));
  return first;
}

function readPart(part: Part, field: Field, issue: (message: string) => void): unknown {
  const media = part.contentType === undefined ? undefined : parseMedia(part.contentType);
  const isText = media === undefined || media.type === 'text' || isJson(media);
  const isFile = field.isFile ?? (part.filename !== undefined || !isText);
  if (field.types.length > 0 && (media !== undefined || isFile)) {
    const allowed = field.types.some((range) => media !== undefined && isWithin(media, range));
    const names = field.types.map((range) => `${range.type}/${range.subtype}`).join(', ');
    if (!allowed) issue(`is of type ${part.contentType ?? 'unknown'}; send ${names}`);
  }
  if (isFile) return readFile(part, field, issue);
  const text = decodeText(part.bytes, media);
  if (media !== undefined && isJson(media)) return parseLoosely(text);
  if (field.isList && text.startsWith('[')) return parseLoosely(text);
  const items = field.split?.(text);
  return Array.isArray(items) ? items.map((item) => field.coerce(item)) : field.coerce(text);
}

function readFile(part: Part, field: Field, issue: (message: string) => void): FileValue {
  const { filename = '', contentType = 'application/octet-stream', bytes } = part;
  const size = bytes.byteLength;
  if (size > field.sizeMax) issue(`has ${size} bytes, more than ${field.sizeMax} (maxLength)`);
  if (size < field.sizeMin) issue(`has ${size} bytes, fewer than ${field.sizeMin} (minLength)`);
  return { filename, contentType, bytes };
}

/** The value as the schema sees it: a file is a string to it, whose content it cannot judge. */
function shadowOf(value: Json, at: string, shadows: Set<string>): Json {
  const shadow: Json = {};
  for (const [name, member] of Object.entries(value)) {
    const pointer = child(at, name);
    const members: unknown[] = Array.isArray(member) ? member : [member];
    const seen = members.map((one, index) => {
      if (!isFileValue(one)) return one;
      shadows.add(Array.isArray(member) ? child(pointer, index) : pointer);
      return '';
    });
    shadow[name] = Array.isArray(member) ? seen : seen[0];
  }
  return shadow;
}

function isFileValue(value: unknown): boolean {
  return isObject(value) && value['bytes'] instanceof Uint8Array;
}
