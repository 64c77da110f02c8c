/**
 * One declared parameter, compiled into a function that reads, coerces and checks it. Decisions
 * where the specification leaves room:
 * - an undeclared query parameter or cookie is ignored; a scalar given twice is refused, except a
 *   cookie, where the first (the most specific path, RFC 6265, 5.4) counts;
 * - an empty value is the empty text for a string and the empty list for an array; for anything
 *   else it is refused, or counts as absent under `allowEmptyValue` (3.1.1, 4.8.12.2);
 * - where a schema takes text and something else, the something else is tried first.
 */
import type { Issue } from '../message.ts';
import { compileCoerce, type Tree } from './coerce.ts';
import { compileGather, type Raw } from './gather.ts';
import { JsonFault, parseJson } from './json.ts';
import { isObject } from './pointer.ts';
import type { Occurrences } from './query.ts';
import type { Json, References } from './reference.ts';
import type { Direction } from './prepare.ts';
import type { Schemas } from './schema.ts';
import { defaultOf, itemsOf, type, typesOf } from './shape.ts';
import { decodePercent, decodePlus, trim, type Manner, type Style } from './style.ts';

export type Place = 'path' | 'query' | 'header' | 'cookie';

/** A parameter as declared, with the defaults of its place filled in. */
export interface Declared extends Manner {
  place: Place;
  schema: unknown;
  required: boolean;
  allowEmptyValue: boolean;
  /** The value is JSON text: `content` instead of `schema`. */
  isJson: boolean;
}

export interface Reader {
  readonly name: string;
  /** The value, or undefined when absent. Appends what is wrong to `issues`. */
  read(raw: Raw, all: Occurrences, issues: Issue[]): unknown;
}

/** Reads a parameter object of OpenAPI 3.1, references resolved. */
export function readDeclared(parameter: Json, references: References): Declared {
  const place = parameter['in'] as Place;
  const usual: Style = place === 'path' || place === 'header' ? 'simple' : 'form';
  const content = parameter['content'];
  const [mediaType, media] = isObject(content) ? (Object.entries(content)[0] ?? []) : [];
  const schema = isObject(media) ? media['schema'] : parameter['schema'];
  const isPlus = place === 'query' && parameter['allowReserved'] !== true;
  return {
    name: String(parameter['name']),
    place,
    schema,
    ...readStyle(parameter, usual),
    decode: place === 'header' ? trim : isPlus ? decodePlus : decodePercent,
    required: parameter['required'] === true || place === 'path',
    allowEmptyValue: place === 'query' && parameter['allowEmptyValue'] === true,
    isJson: mediaType !== undefined && /[/+]json\b/i.test(mediaType),
    cutsEncoded: !itemsTakeText(schema, references),
  };
}

const collectionStyles: Record<string, [style: Style | undefined, explode: boolean]> = {
  csv: [undefined, false],
  ssv: ['spaceDelimited', false],
  tsv: ['tabDelimited', false],
  pipes: ['pipeDelimited', false],
  multi: ['form', true],
};

/** `style` and `explode` of a parameter, header or encoding object, or its `x-collectionFormat`. */
export function readStyle(source: Json, usual: Style): { style: Style; explode: boolean } {
  const collection = collectionStyles[String(source['x-collectionFormat'])];
  if (collection) return { style: collection[0] ?? usual, explode: collection[1] };
  const style = (source['style'] ?? usual) as Style;
  return { style, explode: (source['explode'] ?? style === 'form') === true };
}

/** Whether an item of a list may be text, in which an encoded delimiter is part of the item. */
export function itemsTakeText(schema: unknown, references: References): boolean {
  const { first, rest } = itemsOf(schema, references);
  return [...first, rest].some((item) => (typesOf(item, references) & type.string) !== 0);
}

/**
 * Compiles a parameter with its schema. `claimed` says which names belong to other parameters, for
 * an exploded object that takes any name.
 */
export function compileReader(
  declared: Declared,
  schemas: Schemas,
  direction: Direction,
  claimed: (name: string) => boolean = () => false,
): Reader {
  const { references } = schemas;
  const { name, place, schema, required, isJson } = declared;
  const bits = typesOf(schema, references);
  const takesText = bits !== type.any && (bits & type.string) !== 0;
  const emptyIsAbsent = declared.allowEmptyValue && !takesText;
  const gather = compileGather(declared, references, claimed);
  const coerce = isJson ? parseTree : compileCoerce(schema, references);
  const check = schemas.compile(schema, direction);
  const absent = compileAbsent(schema, references);
  const issue = (message: string): Issue => ({ in: place, at: name, message });
  return {
    name,
    read(raw, all, issues) {
      let tree: Tree | undefined;
      let value: unknown;
      try {
        // Nothing between two slashes is nothing.
        tree = place === 'path' && raw === '' ? undefined : gather(raw, all);
        if (tree === undefined || (tree === '' && emptyIsAbsent)) {
          if (required) issues.push(issue('is required'));
          return absent();
        }
        value = coerce(tree);
      } catch (error) {
        issues.push(issue(faultOf(error)));
        return undefined;
      }
      const findings = check?.(value);
      if (findings === undefined) return value;
      // Read as an integer, but meant as text: `oneOf: [{type: integer}, {pattern: …}]`.
      if (takesText && value !== tree && typeof tree === 'string' && !check?.(tree)) return tree;
      for (const { at, message } of findings) {
        issues.push(issue(at === '' ? message : `${message} (at ${at})`));
      }
      return value;
    },
  };
}

function parseTree(tree: Tree): unknown {
  return parseJson(tree as string);
}

/** The default; a copy of its own for everybody when it could be changed by who gets it. */
function compileAbsent(schema: unknown, references: References): () => unknown {
  const value = defaultOf(schema, references);
  return typeof value === 'object' && value !== null ? () => structuredClone(value) : () => value;
}

/** What to say of text that cannot be taken apart. Anything else thrown is a fault of ours. */
export function faultOf(error: unknown): string {
  if (error instanceof URIError) return 'has broken percent-encoding';
  if (error instanceof JsonFault) return `is no JSON: ${error.message}`;
  if (error instanceof SyntaxError) return error.message;
  throw error;
}
