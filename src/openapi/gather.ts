/** How the raw values of a parameter become one tree, by its style and the shape of its schema. */
import type { Tree } from './coerce.ts';
import type { Declared } from './parameter.ts';
import type { Occurrences } from './query.ts';
import type { References } from './reference.ts';
import { additionalOf, propertiesOf, type, typesOf } from './shape.ts';
import { compileSplit, gatherDeep, nameOf, type Form } from './style.ts';

export type Raw = string | string[] | undefined;

/** What came for a parameter, decoded and taken apart; undefined when nothing came. */
export type Gather = (raw: Raw, all: Occurrences) => Tree | undefined;

/**
 * A gather for one parameter; it throws SyntaxError or URIError for text that breaks its style.
 * `claimed` says which names belong to other parameters, for objects that take any name.
 */
export function compileGather(
  declared: Declared,
  references: References,
  claimed: (name: string) => boolean,
): Gather {
  const { style, explode, schema, decode, name, isJson } = declared;
  if (style === 'deepObject') return (_, all) => gatherDeep(name, decode, all);
  const bits = isJson ? type.string : typesOf(schema, references);
  const composite = bits & (type.array | type.object);
  const isRepeated = explode && !['simple', 'label', 'matrix'].includes(style);
  if (bits === type.any) {
    return isRepeated ? compileRepeated(declared, true) : compileSingle(declared, 'one', false);
  }
  if (composite === type.object) {
    if (isRepeated) return compileSpread(declared, references, claimed);
    return compileSingle(declared, 'parts', false);
  }
  if (composite === 0) return compileSingle(declared, 'one', false);
  const isLoose = composite !== bits;
  return isRepeated ? compileRepeated(declared, isLoose) : compileSingle(declared, 'list', isLoose);
}

/** One text under the parameter's own name. A loose list of one item is that item. */
function compileSingle({ place, ...manner }: Declared, form: Form, isLoose: boolean): Gather {
  const split = compileSplit(manner, form);
  const loosen = (tree: Tree): Tree =>
    isLoose && Array.isArray(tree) && tree.length === 1 ? tree[0]! : tree;
  return (raw) => {
    if (typeof raw === 'string') return isLoose ? loosen(split(raw)) : split(raw);
    if (raw === undefined) return undefined;
    if (place === 'cookie') return split(raw[0]!);
    if (form === 'list') return raw.flatMap((text) => split(text) as Tree[]);
    if (place === 'header' && form === 'parts') return split(raw.join(','));
    throw new SyntaxError(`is given ${raw.length} times, but takes one value`);
  };
}

/** `a=1&a=2`. A loose list that came once is one value. */
function compileRepeated({ decode }: Declared, isLoose: boolean): Gather {
  return (raw) => {
    if (raw === undefined) return undefined;
    if (typeof raw !== 'string') return raw.map(decode);
    if (isLoose) return decode(raw);
    return raw === '' ? [] : [decode(raw)];
  };
}

/** An exploded object: its properties are names of the query or cookie themselves. */
function compileSpread(
  { schema, decode }: Declared,
  references: References,
  claimed: (name: string) => boolean,
): Gather {
  const names = [...propertiesOf(schema, references).keys()];
  const declared = new Set(names);
  const takesOthers = additionalOf(schema, references) !== undefined;
  const read = (raw: string | string[]): Tree =>
    typeof raw === 'string' ? decode(raw) : raw.map(decode);
  return (_, all) => {
    let parts: Map<string, Tree> | undefined;
    for (const name of names) {
      const raw = all.get(name);
      if (raw !== undefined) (parts ??= new Map()).set(name, read(raw));
    }
    if (!takesOthers) return parts;
    for (const [name, raw] of all) {
      if (declared.has(name) || claimed(name)) continue;
      (parts ??= new Map()).set(nameOf(name), read(raw));
    }
    return parts;
  };
}
