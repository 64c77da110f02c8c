/**
 * Text to values, as a schema wants them. Reading is strict: a number must be written as JSON writes
 * it (RFC 8259, 6), so `1e3` is 1000 and `007`, `0x10`, `1_000`, ` 1` and the empty text are no
 * numbers; `true` and `false` are the booleans. What cannot be read stays text, for the schema's own
 * check to refuse. An integer beyond 2^53 - 1 stays text too: a JavaScript number would lose digits.
 */
import { put, type Json, type References } from './reference.ts';
import { additionalOf, facets, itemsOf, propertiesOf, type, typesOf } from './shape.ts';

/** Text as a style took it apart: one text, a list, or named parts. */
export type Tree = string | Tree[] | Map<string, Tree>;

export type Coerce = (tree: Tree) => unknown;

const numberGrammar = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A function that turns text into what the schema wants; parts are compiled when first met. */
export function compileCoerce(schema: unknown, references: References): Coerce {
  const bits = typesOf(schema, references);
  const scalar = compileScalar(bits);
  if (bits === type.any) return (tree) => untyped(tree);
  if ((bits & (type.array | type.object)) === 0) {
    return (tree) => (typeof tree === 'string' ? scalar(tree) : untyped(tree));
  }
  const array = lazily(() => compileArray(schema, references));
  const object = lazily(() => compileObject(schema, references));
  return (tree) => {
    if (typeof tree === 'string') {
      const value = scalar(tree);
      if (value !== tree || (bits & type.string) !== 0) return value;
      return (bits & type.array) !== 0 ? array()(tree) : textObject(tree);
    }
    const wantsObject = (bits & type.object) !== 0 && tree instanceof Map;
    if (wantsObject) return object()(tree);
    return (bits & type.array) !== 0 ? array()(tree) : untyped(tree);
  };
}

/** Text to a number, by JSON's grammar; undefined when it is none or not finite. */
export function readNumber(text: string): number | undefined {
  if (!numberGrammar.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function compileScalar(bits: number): (text: string) => unknown {
  const numeric = bits & type.number;
  const isInteger = numeric === type.integer;
  if (bits === type.any || (bits & ~(type.string | type.array | type.object)) === 0) {
    return (text) => text;
  }
  const takesNull = (bits & type.null) !== 0 && (bits & type.string) === 0;
  const takesBoolean = (bits & type.boolean) !== 0;
  return (text) => {
    if (numeric !== 0) {
      const value = readNumber(text);
      if (value !== undefined && (!isInteger || Number.isSafeInteger(value))) return value;
    }
    if (takesBoolean && text === 'true') return true;
    if (takesBoolean && text === 'false') return false;
    return takesNull && (text === '' || text === 'null') ? null : text;
  };
}

function compileArray(schema: unknown, references: References): Coerce {
  const { first, rest } = itemsOf(schema, references);
  const byPlace = first.map((item) => compileCoerce(item, references));
  const others = rest === undefined ? untyped : compileCoerce(rest, references);
  const separator = nestedSeparator(schema, references);
  return (tree) => {
    let items: Tree[];
    if (Array.isArray(tree)) items = tree;
    else if (tree instanceof Map) items = inOrder(tree);
    else if (separator !== undefined) items = tree.split(separator);
    else items = [tree];
    return items.map((item, index) => (byPlace[index] ?? others)(item));
  };
}

/** Swagger 2.0's lists within a list: `items.collectionFormat` says how the inner one is cut. */
function nestedSeparator(schema: unknown, references: References): string | undefined {
  const separators: Record<string, string> = { csv: ',', ssv: ' ', tsv: '\t', pipes: '|' };
  for (const facet of facets(schema, references, false)) {
    const format = facet['x-collectionFormat'] ?? facet['collectionFormat'];
    if (typeof format === 'string') return separators[format];
  }
  return undefined;
}

/** `a[0]=x&a[1]=y` and `a[]=x&a[]=y` are lists where the schema wants one. */
function inOrder(tree: Map<string, Tree>): Tree[] {
  const unnamed = tree.get('');
  if (unnamed !== undefined && tree.size === 1) return Array.isArray(unnamed) ? unnamed : [unnamed];
  return [...tree].sort(([a], [b]) => Number(a) - Number(b)).map(([, item]) => item);
}

function compileObject(schema: unknown, references: References): (tree: Map<string, Tree>) => Json {
  const properties = propertiesOf(schema, references);
  const additional = additionalOf(schema, references);
  const coerces = new Map<string, Coerce>();
  const others =
    additional === undefined ? untyped : lazyCoerce(() => compileCoerce(additional, references));
  for (const [name, property] of properties) {
    coerces.set(
      name,
      lazyCoerce(() => compileCoerce(property, references)),
    );
  }
  return (tree) => {
    const value: Json = {};
    for (const [name, part] of tree) put(value, name, (coerces.get(name) ?? others)(part));
    return value;
  };
}

/** An object written as JSON inside one text; anything else stays text. */
function textObject(text: string): unknown {
  if (!text.startsWith('{')) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function untyped(tree: Tree): unknown {
  if (typeof tree === 'string') return tree;
  if (Array.isArray(tree)) return tree.map(untyped);
  const value: Json = {};
  for (const [name, part] of tree) put(value, name, untyped(part));
  return value;
}

function lazily<Made>(make: () => Made): () => Made {
  let made: Made | undefined;
  return () => (made ??= make());
}

/** Recursive schemas compile as deep as the values that come. */
function lazyCoerce(make: () => Coerce): Coerce {
  const get = lazily(make);
  return (tree) => get()(tree);
}
