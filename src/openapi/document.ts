/**
 * YAML or JSON text to a plain value, whatever somebody put into the text: bounded in size, depth
 * and expansion, without duplicate keys, and able to say on which line each of its members stands.
 */
import { constructFromEvents, CORE_SCHEMA, EVENT_ID, mergeTag, parseEvents } from 'js-yaml';
import type { Event } from 'js-yaml';
import { FuncatronError } from '../errors.ts';
import type { Issue } from '../message.ts';
import { isObject, pointerOf } from './pointer.ts';
import { createLocate } from './position.ts';
import type { Locate } from './position.ts';

export interface DocumentSource {
  /** How errors name the text: a path, usually. */
  file: string;
  text: string;
}

export interface DocumentLimits {
  /** Characters of text. */
  textMax: number;
  /** Collections within collections. */
  depthMax: number;
  /** YAML aliases. */
  aliasesMax: number;
  /** Values after every alias has been written out. */
  valuesMax: number;
}

export const documentLimits: DocumentLimits = {
  textMax: 10 * 2 ** 20,
  depthMax: 100,
  aliasesMax: 10_000,
  valuesMax: 1_000_000,
};

export interface ParsedDocument {
  value: Record<string, unknown>;
  locate: Locate;
}

const schema = CORE_SCHEMA.withTags(mergeTag);

/**
 * Parses a document and keeps its positions. Throws `contract_invalid`, naming file and line.
 * JSON is read by the YAML parser too, since JSON.parse lets duplicate keys pass.
 */
export function parseDocument(
  source: DocumentSource,
  limits: DocumentLimits = documentLimits,
): ParsedDocument {
  const events = scan(source, limits);
  return { value: build(source, events, limits), locate: createLocate(source.text, events) };
}

/**
 * Parses a document that has been checked before: no positions, and JSON by the fast parser.
 * Throws `contract_invalid`, naming file and line.
 */
export function readDocument(
  source: DocumentSource,
  limits: DocumentLimits = documentLimits,
): Record<string, unknown> {
  if (source.text.length <= limits.textMax && /^\s*\{/.test(source.text)) {
    const value = parseJson(source.text);
    if (value) return own(source, value, limits);
  }
  return build(source, scan(source, limits), limits);
}

/** Undefined for what is not JSON: a flow mapping of YAML begins with a brace too. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function scan(source: DocumentSource, limits: DocumentLimits): Event[] {
  const { text } = source;
  if (text.length > limits.textMax)
    throw invalid(source, {
      at: '',
      message: `the document has ${text.length} characters; the limit is ${limits.textMax}`,
      mend: 'split it into bundles, or move large examples out of it',
    });
  try {
    return parseEvents(text, { maxDepth: limits.depthMax });
  } catch (thrown) {
    throw invalid(source, syntaxIssue(thrown));
  }
}

function build(
  source: DocumentSource,
  events: Event[],
  limits: DocumentLimits,
): Record<string, unknown> {
  const count = events.filter((event) => event.type === EVENT_ID.DOCUMENT).length;
  if (count !== 1)
    throw invalid(source, {
      at: '',
      message: count === 0 ? 'the document is empty' : `the file holds ${count} YAML documents`,
      mend: count === 0 ? 'write an OpenAPI document' : 'keep one document, without --- lines',
    });
  let value: unknown;
  try {
    const options = { source: source.text, schema, maxAliases: limits.aliasesMax };
    [value] = constructFromEvents(events, options);
  } catch (thrown) {
    throw invalid(source, syntaxIssue(thrown));
  }
  return own(source, value, limits, () => createLocate(source.text, events));
}

/**
 * The value as a tree that shares nothing with itself, since later steps change it in place and
 * an alias must not change with its anchor. Bounded, because a few aliases can stand for billions.
 */
function own(
  source: DocumentSource,
  value: unknown,
  limits: DocumentLimits,
  positions?: () => Locate,
): Record<string, unknown> {
  const path: (string | number)[] = [];
  const fail = (message: string, mend: string): never => {
    const at = pointerOf(path.slice(0, 8));
    throw invalid(source, { at, message, mend, ...(positions && { line: positions()(at) }) });
  };
  if (!isObject(value)) return fail('the document is no object', 'begin it with openapi: 3.1.0');
  let count = 0;
  const copy = (node: unknown): unknown => {
    if (++count > limits.valuesMax)
      fail(`the document has over ${limits.valuesMax} values`, 'use $ref instead of aliases');
    if (typeof node !== 'object' || node === null) return node;
    if (path.length >= limits.depthMax)
      fail(`this is over ${limits.depthMax} deep`, 'use $ref to name what is nested');
    const list = Array.isArray(node);
    const result = (list ? [] : {}) as Record<string | number, unknown>;
    for (const key of list ? node.keys() : Object.keys(node)) {
      path.push(key);
      if (key === '__proto__') fail('__proto__ cannot be a key', 'rename it');
      result[key] = copy((node as Record<string | number, unknown>)[key]);
      path.pop();
    }
    return result;
  };
  return copy(value) as Record<string, unknown>;
}

function syntaxIssue(thrown: unknown): Omit<Issue, 'in'> {
  const { reason, mark } = thrown as { reason?: string; mark?: { line: number } };
  const message = reason ?? (thrown instanceof Error ? thrown.message : String(thrown));
  const line = mark ? { line: mark.line + 1 } : {};
  const mend = mends.find(([pattern]) => pattern.test(message))?.[1] ?? 'correct the text there';
  return { at: '', message, ...line, mend };
}

const mends: [RegExp, string][] = [
  [/duplicat/, 'keep one of the two keys'],
  [/indentation/, 'line the keys of one mapping up, and quote text that holds a colon'],
  [/maxDepth|nesting/, 'use $ref to name what is nested'],
  [/alias/i, 'use $ref instead of aliases'],
  [/tag/, 'write the value without the tag'],
  [/tab/, 'indent with spaces'],
];

function invalid(source: DocumentSource, problem: Omit<Issue, 'in'>): FuncatronError {
  const issue: Issue = { in: 'document', file: source.file, ...problem };
  return invalidContract([issue]);
}

/** The error for a document with these issues: the first one in its text, all of them in it. */
export function invalidContract(issues: Issue[]): FuncatronError {
  const first = issues[0]!;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return new FuncatronError('contract_invalid', describeIssue(first) + more, { errors: issues });
}

/** One line that says where, what and what to do: `api.yaml:12 (/paths/~1pets): ...; ...`. */
export function describeIssue(issue: Issue): string {
  const line = issue.line === undefined ? '' : `:${issue.line}`;
  const file = issue.file === undefined ? '' : `${issue.file}${line} `;
  const at = issue.at === '' ? '' : `(${issue.at})`;
  const where = `${file}${at}`.trimEnd();
  const mend = issue.mend === undefined ? '' : `; ${issue.mend}`;
  return `${where === '' ? '' : `${where}: `}${issue.message}${mend}`;
}
