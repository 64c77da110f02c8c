/**
 * OAI Overlay 1.0: a list of actions that update or remove what RFC 9535 JSONPaths select. How
 * values merge is in the words of Overlay 1.1, since 1.0 leaves it open: objects recursively,
 * lists end to end, plain values replace.
 */
import type { JSONPathEnvironment, JSONPathQuery, JSONValue } from 'json-p3';
import { FuncatronError } from '../errors.ts';
import type { Issue } from '../message.ts';
import { describeIssue, documentLimits } from './document.ts';
import { suggest } from './nearest.ts';
import { isObject, pointerOf } from './pointer.ts';

type Json = Record<string, unknown>;
type Path = (string | number)[];

interface Action {
  query: JSONPathQuery;
  target: string;
  update?: unknown;
  remove: boolean;
}

export interface OverlayResult {
  document: Json;
  /** Actions that changed nothing: allowed, and rarely meant. */
  warnings: Issue[];
}

/**
 * A copy of the document with the overlay applied. Throws `overlay_invalid`, naming the action by
 * its JSON pointer.
 */
export async function applyOverlay(document: Json, overlay: unknown): Promise<OverlayResult> {
  const actions = await readActions(overlay);
  const result = structuredClone(document);
  const warnings: Issue[] = [];
  for (const [index, action] of actions.entries()) {
    const at = `/actions/${index}`;
    const nodes = select(action, result, at);
    if (nodes.length === 0)
      warnings.push(
        problem(
          `${at}/target`,
          `${action.target} matches nothing`,
          'correct it, or drop the action',
        ),
      );
    else if (action.remove) removeNodes(result, nodes, at);
    else if (action.update !== undefined) updateNodes(result, nodes, action, at);
    else warnings.push(problem(at, 'the action does nothing', 'add update, or remove: true'));
  }
  return { document: result, warnings };
}

const overlayKeys = ['overlay', 'info', 'extends', 'actions'];
const actionKeys = ['target', 'description', 'update', 'remove'];

async function readActions(overlay: unknown): Promise<Action[]> {
  if (!isObject(overlay))
    throw invalid('', 'the overlay is no object', 'write overlay: 1.0.0, info and actions');
  const { overlay: version, info, actions } = overlay;
  if (typeof version !== 'string' || !/^1\.0\.\d+$/.test(version))
    throw invalid('/overlay', 'the overlay names no version 1.0.x', 'write overlay: 1.0.0');
  refuseUnknown(overlay, overlayKeys, '');
  const named = isObject(info) && typeof info['title'] === 'string';
  if (!named || typeof info['version'] !== 'string')
    throw invalid('/info', 'info lacks title or version', 'add both, as texts');
  if (!Array.isArray(actions) || actions.length === 0)
    throw invalid('/actions', 'the overlay has no list of actions', 'add one action or more');
  const { jsonpath } = await import('json-p3');
  const environment = new jsonpath.JSONPathEnvironment({
    maxRecursionDepth: 2 * documentLimits.depthMax,
  });
  return actions.map((action, index) => readAction(action, environment, `/actions/${index}`));
}

function readAction(action: unknown, environment: JSONPathEnvironment, at: string): Action {
  if (!isObject(action)) throw invalid(at, 'the action is no object', 'write target and update');
  refuseUnknown(action, actionKeys, at);
  const { target, update, remove = false } = action;
  if (typeof target !== 'string')
    throw invalid(`${at}/target`, 'the action has no target', 'add a JSONPath such as $.info');
  if (typeof remove !== 'boolean')
    throw invalid(`${at}/remove`, 'remove is not true or false', 'write true or false');
  try {
    return { query: environment.compile(target), target, update, remove };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw invalid(`${at}/target`, `${target} is no JSONPath: ${reason}`, 'see RFC 9535');
  }
}

function refuseUnknown(value: Json, known: string[], at: string): void {
  for (const key of Object.keys(value))
    if (!known.includes(key) && !key.startsWith('x-'))
      throw invalid(`${at}${pointerOf([key])}`, `${key} is not known`, suggest(key, known));
}

/** Places the target selects, each once. */
function select(action: Action, document: Json, at: string): Path[] {
  try {
    const places = new Map<string, Path>();
    for (const node of action.query.query(document as JSONValue))
      places.set(pointerOf(node.location), node.location);
    return [...places.values()];
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw invalid(`${at}/target`, `${action.target} cannot be evaluated: ${reason}`, 'simplify it');
  }
}

/** Last items first, and what lies within before what holds it, so that no place moves. */
function removeNodes(document: Json, places: Path[], at: string): void {
  for (const place of places.toSorted(compare).toReversed()) {
    const key = place.at(-1);
    if (key === undefined)
      throw invalid(`${at}/target`, 'the whole document cannot be removed', 'select a part of it');
    const holder = valueAt(document, place.slice(0, -1));
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete (holder as Json)[key];
  }
}

function compare(a: Path, b: Path): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const [left, right] = [a[index]!, b[index]!];
    if (left === right) continue;
    return left < right ? -1 : 1;
  }
  return a.length - b.length;
}

function updateNodes(document: Json, places: Path[], action: Action, at: string): void {
  for (const place of places) {
    const target = valueAt(document, place);
    const update = structuredClone(action.update);
    const where = pointerOf(place) || 'the document';
    if (Array.isArray(target)) target.push(...(Array.isArray(update) ? update : [update]));
    else if (!isObject(target))
      throw invalid(
        `${at}/target`,
        `${where} is a plain value, which cannot be updated`,
        'select the object that holds it, and update with that member',
      );
    else if (!isObject(update))
      throw invalid(`${at}/update`, `${where} is an object, update is not`, 'write an object');
    else merge(target, update, `${at}/update`);
  }
}

function merge(target: Json, update: Json, at: string): void {
  for (const [key, value] of Object.entries(update)) {
    const pointer = `${at}${pointerOf([key])}`;
    if (key === '__proto__') throw invalid(pointer, '__proto__ cannot be a key', 'rename it');
    const old = Object.hasOwn(target, key) ? target[key] : undefined;
    if (old === undefined) target[key] = value;
    else if (isObject(old) && isObject(value)) merge(old, value, pointer);
    else if (Array.isArray(old) && Array.isArray(value)) old.push(...value);
    else if (isPlain(old) && isPlain(value)) target[key] = value;
    else
      throw invalid(
        pointer,
        `${key} is ${shapeOf(old)} in the document and ${shapeOf(value)} in the update`,
        'remove it with an action before this one, or update it with its like',
      );
  }
}

function isPlain(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

function shapeOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return isPlain(value) ? 'a plain value' : 'an object';
}

function valueAt(document: Json, place: Path): unknown {
  let value: unknown = document;
  for (const key of place) value = (value as Record<string | number, unknown>)[key];
  return value;
}

function problem(at: string, message: string, mend: string): Issue {
  return { in: 'document', at, message: `overlay: ${message}`, mend };
}

function invalid(at: string, message: string, mend: string): FuncatronError {
  const issue = problem(at, message, mend);
  return new FuncatronError('overlay_invalid', describeIssue(issue), { errors: [issue] });
}
