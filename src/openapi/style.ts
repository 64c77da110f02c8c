/**
 * How one text carries a value, a list or named parts: the styles of OpenAPI 3 (3.1.1, 4.8.12.3),
 * which are RFC 6570 expansions read backwards, and Swagger 2.0's `tsv`. A list is cut where its
 * delimiter stands unencoded, so `a%2Cb` is one item. Broken text throws SyntaxError or URIError.
 */
import type { Tree } from './coerce.ts';

export type Style =
  | 'simple'
  | 'label'
  | 'matrix'
  | 'form'
  | 'spaceDelimited'
  | 'pipeDelimited'
  | 'tabDelimited'
  | 'deepObject';

export type Decode = (text: string) => string;

/** What a schema makes of the text. */
export type Form = 'one' | 'list' | 'parts';

export interface Manner {
  name: string;
  style: Style;
  explode: boolean;
  decode: Decode;
  /** Whether no item can hold a delimiter: then an encoded one (`1%2C2`) cuts as well. */
  cutsEncoded?: boolean;
}

/** Percent-encoding alone (RFC 3986, 2.1): paths, cookies, and queries that allow reserved text. */
export function decodePercent(text: string): string {
  return text.includes('%') ? decodeURIComponent(text) : text;
}

/** Percent-encoding where a plus is a space: queries and forms as browsers write them. */
export function decodePlus(text: string): string {
  return decodePercent(text.includes('+') ? text.replaceAll('+', ' ') : text);
}

/** Headers carry values as they are; only the space around them is not theirs. */
export function trim(text: string): string {
  return text.trim();
}

/** A function that takes one text apart. Repeated names and `deepObject` are not its business. */
export function compileSplit(manner: Manner, form: Form): (raw: string) => Tree {
  const { decode } = manner;
  const strip = compileStrip(manner, form);
  if (form === 'one') return (raw) => decode(strip(raw));
  const cut = compileCut(manner);
  if (form === 'parts') return compileParts(manner, (raw) => cut(strip(raw)));
  if (manner.style === 'matrix' && manner.explode) {
    return (raw) => cut(strip(raw)).map((item) => decode(after(item, manner)));
  }
  return (raw) => cut(strip(raw)).map(decode);
}

/** What stands before the value in a path: a dot for label, `;name=` for matrix. */
function compileStrip(manner: Manner, form: Form): (raw: string) => string {
  const { style, explode } = manner;
  if (style !== 'label' && style !== 'matrix') return (raw) => raw;
  const sign = style === 'label' ? '.' : ';';
  const isNamed = style === 'matrix' && (form === 'one' || !explode);
  return (raw) => {
    if (!raw.startsWith(sign)) throw new SyntaxError(`must begin with "${sign}" (style ${style})`);
    return isNamed ? after(raw.slice(1), manner) : raw.slice(1);
  };
}

/** The value in `name=value`; a name alone is the empty value. */
function after(text: string, { name, decode }: Manner): string {
  const equals = text.indexOf('=');
  const said = equals < 0 ? text : text.slice(0, equals);
  if (decode(said) !== name) throw new SyntaxError(`must be written as ";${name}=value"`);
  return equals < 0 ? '' : text.slice(equals + 1);
}

/** An empty text is an empty list: RFC 6570 writes both alike. */
function compileCut(manner: Manner): (text: string) => string[] {
  const delimiter = delimiterOf(manner);
  return (text) => (text === '' ? [] : text.split(delimiter));
}

/** Space, pipe and tab cannot stand in a URL unencoded, so they cut when encoded too. */
function delimiterOf({ style, explode, decode, cutsEncoded }: Manner): RegExp | string {
  switch (style) {
    case 'spaceDelimited':
      if (decode === trim) return / +/;
      return decode === decodePlus ? /%20|\+| / : /%20| /;
    case 'pipeDelimited':
      return decode === trim ? '|' : /%7C|\|/i;
    case 'tabDelimited':
      return decode === trim ? '\t' : /%09|\t/;
    case 'label':
      if (explode) return '.';
      break;
    case 'matrix':
      if (explode) return ';';
  }
  return cutsEncoded ? /%2C|,/i : ',';
}

/** `R,100,G,200`, or exploded `R=100,G=200`. The last of two parts of one name counts. */
function compileParts({ explode, decode }: Manner, cut: (raw: string) => string[]) {
  return (raw: string): Tree => {
    const parts = new Map<string, Tree>();
    const items = cut(raw);
    if (explode) {
      for (const item of items) {
        const equals = item.indexOf('=');
        if (equals < 0) throw new SyntaxError(`has "${item}" where name=value is expected`);
        parts.set(nameOf(decode(item.slice(0, equals))), decode(item.slice(equals + 1)));
      }
      return parts;
    }
    if (items.length % 2 === 1) throw new SyntaxError('must list names and values by turns');
    for (let place = 0; place < items.length; place += 2) {
      parts.set(nameOf(decode(items[place]!)), decode(items[place + 1]!));
    }
    return parts;
  };
}

const depthMax = 32;

/**
 * The parts of one `deepObject` name, put where their brackets say: `name[a][b]=1`. A path that
 * comes again makes a list. Undefined when no part came.
 */
export function gatherDeep(
  name: string,
  decode: Decode,
  all: ReadonlyMap<string, string | string[]>,
): Tree | undefined {
  let root: Map<string, Tree> | undefined;
  for (const [key, raw] of all) {
    if (!key.startsWith(name) || key[name.length] !== '[') continue;
    const path = bracketPath(key.slice(name.length), name);
    root ??= new Map();
    const value = typeof raw === 'string' ? decode(raw) : raw.map(decode);
    place(root, path, value, key);
  }
  return root;
}

function bracketPath(text: string, name: string): string[] {
  if (!/^(?:\[[^[\]]*\])+$/.test(text)) {
    throw new SyntaxError(`must be written as "${name}[part]=value", not "${name}${text}"`);
  }
  const path = text.slice(1, -1).split('][');
  if (path.length > depthMax) throw new SyntaxError(`is nested more than ${depthMax} levels deep`);
  return path.map(nameOf);
}

function place(root: Map<string, Tree>, path: string[], value: Tree, key: string): void {
  let node = root;
  for (const part of path.slice(0, -1)) {
    let inner = node.get(part);
    if (inner === undefined) node.set(part, (inner = new Map<string, Tree>()));
    if (!(inner instanceof Map)) throw new SyntaxError(`is given both as a value and as "${key}"`);
    node = inner;
  }
  const last = path[path.length - 1]!;
  if (node.has(last)) throw new SyntaxError(`is given both as parts and as "${key}"`);
  node.set(last, value);
}

/** A part's name, unless it is the one that reaches for prototypes in careless code. */
export function nameOf(name: string): string {
  if (name === '__proto__') throw new SyntaxError('must not have a part named "__proto__"');
  return name;
}
