/**
 * The door's own paths that go before those of bundles: what became of asynchronous calls, and Funcs
 * by name.
 */
import { callIdMs } from '../async-call.ts';
import { FuncatronError } from '../errors.ts';
import { empty } from '../message.ts';
import { callsPath } from './accept.ts';
import { answerOwn, answerReply } from './answer.ts';
import { askTron } from './ask-tron.ts';
import { isPreflight, preflightHeaders } from './cors.ts';
import type { Exchange } from './exchange.ts';
import { findFunc } from './func-name.ts';
import { methodNotAllowed } from './method.ts';

const namesPath = '/async-function/';

/** Whether a path is one of `answerCallPage`. */
export function isCallPage(path: string): boolean {
  return path.startsWith(callsPath);
}

/** Whether a path names a Func to be called asynchronously. */
export function isFuncName(path: string): boolean {
  return path.startsWith(namesPath);
}

/** Status, result and end of an asynchronous call: who knows its id may ask. */
export async function answerCallPage(x: Exchange): Promise<false> {
  const [id = '', rest, ...more] = x.path.slice(callsPath.length).split('/');
  const isResult = rest === 'result' && more.length === 0;
  x.cors = x.door.options.cors;
  if (answerMethods(x, isResult ? ['GET', 'HEAD'] : ['GET', 'HEAD', 'DELETE'])) return false;
  if (callIdMs(id) === undefined || (rest !== undefined && !isResult))
    throw new FuncatronError('call_unknown', `there is no call ${x.path.slice(callsPath.length)}`);
  const action = isResult ? 'result' : x.method === 'DELETE' ? 'cancel' : 'status';
  answerReply(x, await askTron(x.door, `/${action}/${id}`));
  return false;
}

/**
 * Finds the operation a path names, as if it had been asked for. False: answered. Parameters in its
 * path come from the query, under their names.
 */
export async function takeFuncName(x: Exchange): Promise<undefined | false> {
  const { door } = x;
  x.cors = door.options.cors;
  if (answerMethods(x, ['POST'])) return false;
  await door.firstTable;
  const entries = door.table.entries.filter(
    ({ route: { host } }) => host === null || host === x.host,
  );
  const name = decodeURIComponent(x.path.slice(namesPath.length));
  const { entry, contract, operation } = await findFunc(entries, name);
  entry.isUsed = true;
  x.entry = entry;
  x.contract = contract;
  x.operation = operation;
  x.own = entry.operation(contract, operation);
  x.meter = x.own.meter;
  x.cors = x.own.cors;
  x.raw = {};
  const { basePath } = entry.route;
  x.path = (basePath === '/' ? '' : basePath) + fill(operation.template, x.query, x.raw);
  return undefined;
}

/** The template with what the query has for it, still percent-encoded. */
function fill(template: string, query: string, raw: Record<string, string | undefined>): string {
  const given = new URLSearchParams(query);
  return template.replaceAll(/\{([^}]+)\}/g, (place, name: string) => {
    const value = given.get(name) ?? '';
    // What no request could have in its path is not there.
    if (['', '.', '..'].includes(value)) return place;
    return (raw[name] = encodeURIComponent(value));
  });
}

/** Whether it was about methods, and is answered. Throws `method_not_allowed`. */
function answerMethods(x: Exchange, allowed: string[]): boolean {
  if (allowed.includes(x.method)) return false;
  if (x.method !== 'OPTIONS') throw methodNotAllowed(x, allowed);
  const isAsked = x.cors && isPreflight(x.method, x.headers);
  const headers = isAsked
    ? preflightHeaders(x.cors!, x.headers, allowed)
    : ['allow', allowed.join(', ')];
  answerOwn(x, 204, headers, empty);
  return true;
}
