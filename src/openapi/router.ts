/**
 * Finds the operation of a path within one contract. The most specific template wins: segment by
 * segment from the left, literal before partly literal before parameter, whatever the methods are.
 * A tree of segments, walked depth first in that order, so that the first match is the best one.
 */
import { decodeBytes, isPlain, matchSegment, parseTemplate, segmentShape } from './template.ts';
import type { Segment } from './template.ts';
import { FuncatronError } from '../errors.ts';

interface Routed {
  readonly method: string;
  readonly template: string;
}

type RouterMatch<O> =
  { operation: O; raw: Record<string, string | undefined> } | { allow: string[] } | undefined;

export interface Router<O> {
  /** `path` begins with a slash and is still percent-encoded. A slash at its end is ignored. */
  match(method: string, path: string): RouterMatch<O>;
}

/** One template: its operations by method. */
interface Leaf<O> {
  template: string;
  names: string[];
  byMethod: Map<string, O>;
  allow: string[];
}

interface Node<O> {
  literals?: Map<string, Node<O>>;
  /** Segments with both text and parameters, the one with the most text first. */
  partials?: { shape: string; segment: Segment; node: Node<O> }[];
  parameter?: Node<O>;
  plain?: Leaf<O>;
  /** The template with a slash at its end: told apart only where both are declared. */
  slashed?: Leaf<O>;
}

/** Builds the matcher. Throws `contract_invalid` when two templates match the same paths. */
export function createRouter<O extends Routed>(operations: readonly O[]): Router<O> {
  const root: Node<O> = {};
  const statics = new Map<string, Leaf<O>>();
  for (const operation of operations) {
    const leaf = addLeaf(root, operation);
    leaf.byMethod.set(operation.method, operation);
    leaf.allow = allowed(leaf.byMethod);
    if (leaf.names.length === 0) statics.set(operation.template, leaf);
  }
  return {
    match(method, path) {
      const found = statics.get(path);
      if (found) return choose(found, method, []);
      const values: string[] = [];
      const leaf = find(root, path, 1, values, isPlain(path));
      return leaf && choose(leaf, method, values);
    },
  };
}

function choose<O>(leaf: Leaf<O>, method: string, values: string[]): RouterMatch<O> {
  const { byMethod, names } = leaf;
  const operation = byMethod.get(method) ?? (method === 'HEAD' ? byMethod.get('GET') : undefined);
  if (operation === undefined) return { allow: leaf.allow };
  const raw: Record<string, string> = {};
  for (let index = 0; index < names.length; index++) raw[names[index]!] = values[index]!;
  return { operation, raw };
}

/** Methods the path takes: what is declared, and what comes with it. */
function allowed(byMethod: Map<string, unknown>): string[] {
  const methods = new Set([...byMethod.keys(), 'OPTIONS']);
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods].sort();
}

function addLeaf<O extends Routed>(root: Node<O>, { template }: O): Leaf<O> {
  const { segments, names, slashed } = parseTemplate(template);
  let node = root;
  for (const segment of segments) node = addSegment(node, segment);
  const end = slashed ? 'slashed' : 'plain';
  const leaf = (node[end] ??= { template, names, byMethod: new Map(), allow: [] });
  if (leaf.template !== template)
    throw new FuncatronError(
      'contract_invalid',
      `paths ${leaf.template} and ${template} match the same requests; keep one of them`,
    );
  return leaf;
}

function addSegment<O>(node: Node<O>, segment: Segment): Node<O> {
  const { text } = segment;
  if (text.length === 1) {
    node.literals ??= new Map();
    return getOrAdd(node.literals, text[0]!);
  }
  if (text.length === 2 && text[0] === '' && text[1] === '') return (node.parameter ??= {});
  const shape = segmentShape(segment);
  const partials = (node.partials ??= []);
  const known = partials.find((partial) => partial.shape === shape);
  if (known) return known.node;
  const added = { shape, segment, node: {} };
  partials.push(added);
  partials.sort((a, b) => textLength(b.segment) - textLength(a.segment) || byShape(a, b));
  return added.node;
}

function getOrAdd<O>(nodes: Map<string, Node<O>>, key: string): Node<O> {
  let node = nodes.get(key);
  if (!node) nodes.set(key, (node = {}));
  return node;
}

function textLength(segment: Segment): number {
  return segment.text.join('').length;
}

function byShape(a: { shape: string }, b: { shape: string }): number {
  return a.shape < b.shape ? -1 : 1;
}

/**
 * The best leaf for the rest of the path from `start`; leaves its parameters in `values`. `plain`
 * says that nothing in the path needs decoding.
 */
function find<O>(
  node: Node<O>,
  path: string,
  start: number,
  values: string[],
  plain: boolean,
): Leaf<O> | undefined {
  if (start >= path.length) {
    const slashed = path.length > 1 && path.endsWith('/');
    return slashed ? (node.slashed ?? node.plain) : (node.plain ?? node.slashed);
  }
  const slash = path.indexOf('/', start);
  const end = slash === -1 ? path.length : slash;
  const raw = path.slice(start, end);
  const literal = node.literals?.get(plain ? raw : decodeBytes(raw));
  const exact = literal && find(literal, path, end + 1, values, plain);
  if (exact) return exact;
  const depth = values.length;
  for (const { segment, node: next } of node.partials ?? []) {
    const matched = matchSegment(segment, raw);
    if (!matched) continue;
    values.push(...matched);
    const leaf = find(next, path, end + 1, values, plain);
    if (leaf) return leaf;
    values.length = depth;
  }
  if (!node.parameter || raw === '') return undefined;
  values.push(raw);
  const leaf = find(node.parameter, path, end + 1, values, plain);
  if (!leaf) values.length = depth;
  return leaf;
}
