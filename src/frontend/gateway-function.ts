/**
 * Functions by name, at `/function/NAME[.NAMESPACE][/PATH]` and `/async-function/...`: those that were
 * deployed by name, and operations of all bundles as `BUNDLE.OPERATIONID`. What a request has and an
 * answer gets beyond that of any call is as OpenFaaS's gateway has it.
 */
import { callIdMs } from '../async-call.ts';
import { FuncatronError } from '../errors.ts';
import { empty } from '../message.ts';
import { answerOwn, answerReply } from './answer.ts';
import { askTron } from './ask-tron.ts';
import { isPreflight, preflightHeaders } from './cors.ts';
import type { RouteEntry } from './entry.ts';
import type { Exchange } from './exchange.ts';
import { findFunc } from './func-name.ts';
import { methodNotAllowed } from './method.ts';

export const functionPath = '/function/';
export const asyncFunctionPath = '/async-function/';

/** A name may end with the namespace that it is in anyway. */
const namespaceEnd = '.openfaas-fn';
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'];

/**
 * Finds the function that a path names. False: answered. What is no function may yet be a path of a
 * bundle enabled above. Rejects with `no_route`, `method_not_allowed` or, of several, `bad_request`.
 */
export function takeFunction(x: Exchange): undefined | Promise<undefined | false> {
  return enterFunction(x, functionPath) ? undefined : takeOperation(x);
}

/** As `takeFunction`, and the call is answered 202. With DELETE it is a call's id, to be cancelled. */
export async function takeAsyncFunction(x: Exchange): Promise<undefined | false> {
  const { door, path } = x;
  x.cors = door.options.cors;
  const name = path.slice(asyncFunctionPath.length);
  if (x.method === 'DELETE' && callIdMs(name) !== undefined) {
    answerReply(x, await askTron(door, `/cancel/${name}`));
    return false;
  }
  if (answerOther(x, ['POST'])) return false;
  x.isNamed = true;
  await door.firstTable;
  if (!enterFunction(x, asyncFunctionPath)) await enterOperation(x, entriesOf(x), name);
  return undefined;
}

/** Whether a function has this name; then the call is on its way there. */
function enterFunction(x: Exchange, prefix: string): boolean {
  const { path } = x;
  const end = path.indexOf('/', prefix.length);
  const name = end === -1 ? path.slice(prefix.length) : path.slice(prefix.length, end);
  let entry = functionEntry(x, name);
  if (!entry && name.endsWith(namespaceEnd))
    entry = functionEntry(x, name.slice(0, -namespaceEnd.length));
  if (!entry) return false;
  x.entry = entry;
  x.path = end === -1 ? entry.route.basePath : entry.route.basePath + path.slice(end);
  if (!methods.includes(x.method)) throw methodNotAllowed(x, methods);
  begin(x);
  return true;
}

function functionEntry({ door, host }: Exchange, name: string): RouteEntry | undefined {
  const basePath = functionPath + name;
  const entry = door.table.find(host, basePath);
  return entry?.route.basePath === basePath ? entry : undefined;
}

async function takeOperation(x: Exchange): Promise<undefined | false> {
  const { door, host, path } = x;
  if (door.firstTable) {
    await door.firstTable;
    if (enterFunction(x, functionPath)) return undefined;
  }
  const name = decodeURIComponent(path.slice(functionPath.length)).replace(/\/$/, '');
  const owners = entriesOf(x).filter(
    ({ route }) => route.name === name || name.startsWith(`${route.name}.`),
  );
  if (owners.length === 0) {
    x.entry = door.table.find(host, path);
    if (x.entry) return undefined;
    const detail = `there is no function ${JSON.stringify(name.split('/', 1)[0])}`;
    throw new FuncatronError('no_route', `${detail}; GET /system/functions lists them`);
  }
  x.cors = door.options.cors;
  if (answerOther(x, methods)) return false;
  await enterOperation(x, owners, name);
  return undefined;
}

/** Enabled for the host that is asked for. */
function entriesOf({ door, host }: Exchange): RouteEntry[] {
  return door.table.entries.filter(({ route }) => route.host === null || route.host === host);
}

/**
 * Goes on as if the operation had been asked for that a name stands for. Parameters in its path come
 * from the query, under their names.
 */
async function enterOperation(x: Exchange, entries: RouteEntry[], named: string): Promise<void> {
  const text = decodeURIComponent(named);
  const name = text.endsWith(namespaceEnd) ? text.slice(0, -namespaceEnd.length) : text;
  const { entry, contract, operation } = await findFunc(entries, name);
  x.entry = entry;
  x.contract = contract;
  x.operation = operation;
  x.own = entry.operation(contract, operation);
  x.meter = x.own.meter;
  x.meter.begin();
  x.cors = x.own.cors;
  x.raw = {};
  const { basePath } = entry.route;
  x.path = (basePath === '/' ? '' : basePath) + fill(operation.template, x.query, x.raw);
  begin(x);
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
export function answerOther(x: Exchange, allowed: string[]): boolean {
  if (x.method !== 'OPTIONS') {
    if (allowed.includes(x.method)) return false;
    throw methodNotAllowed(x, allowed);
  }
  const isAsked = x.cors && isPreflight(x.method, x.headers);
  const headers = isAsked
    ? preflightHeaders(x.cors!, x.headers, allowed)
    : ['allow', allowed.join(', ')];
  answerOwn(x, 204, headers, empty);
  return true;
}

/** What a function's request and answer have that others have not. */
function begin(x: Exchange): void {
  const { headers, response, connection, door } = x;
  x.isFunction = true;
  const given = headers['x-call-id'];
  const callId = given === undefined ? x.id : door.ids.choose(given);
  // In nanoseconds, as far as the clock goes.
  const startTime = `${Date.now()}000000`;
  headers['x-call-id'] = callId;
  headers['x-start-time'] = startTime;
  headers['x-forwarded-for'] ??= `${connection.remote}:${connection.socket.remotePort ?? 0}`;
  if (headers.host !== undefined) headers['x-forwarded-host'] ??= headers.host;
  response.setHeader('x-call-id', callId);
  response.setHeader('x-start-time', startTime);
  response.setHeader('x-served-by', 'funcatron');
}
