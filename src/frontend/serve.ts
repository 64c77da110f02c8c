/** One request, from its head to its answer: the order of things at the door. */
import { empty } from '../message.ts';
import type { Call, CallHead } from '../message.ts';
import { accept, isAsync } from './accept.ts';
import { answerFault, answerReply } from './answer.ts';
import { isPreflight } from './cors.ts';
import type { Exchange } from './exchange.ts';
import { answerMethods, answerPreflight } from './method.ts';
import {
  asyncFunctionPath,
  functionPath,
  takeAsyncFunction,
  takeFunction,
} from './gateway-function.ts';
import { takeRoot } from './gateway-root.ts';
import { answerSystem, isSystemPath } from './gateway-system.ts';
import { receiveBody } from './receive.ts';
import { checkAccept, checkBody, checkParams } from './request-check.ts';
import { endToEndHeaders, readHead } from './request-head.ts';
import { answerCallPage, isCallPage } from './system-page.ts';
import { answerUnrouted, isReserved } from './unrouted.ts';

/** `false`: answered, go no further. A promise: wait first, for that or for nothing. */
type Next = undefined | false | Promise<unknown>;

const steps: readonly ((x: Exchange) => Next)[] = [
  takeIn,
  findRoute,
  loadContract,
  matchOperation,
  authenticate,
  readParams,
  receiveBody,
];

/**
 * Serves a request. Never rejects: whatever is thrown becomes the answer. It waits only where a
 * step has to, and the steps keep what they find on the exchange: what lives across an `await`
 * costs every call its memory twice.
 */
export async function serve(x: Exchange): Promise<void> {
  try {
    for (let at = 0; at < steps.length; at++) {
      let next = steps[at]!(x);
      if (next !== undefined && next !== false) next = (await next) as Next;
      if (next === false || x.ended) return;
    }
    const call = makeCall(x);
    if (isAsync(x)) return await accept(x, call);
    x.queued = true;
    answerReply(x, await x.door.broker.call(x.entry!.route.queue, call));
  } catch (thrown) {
    answerFault(x, thrown);
  }
}

function takeIn(x: Exchange): Next {
  readHead(x);
  return x.door.options.beforeCall?.();
}

function findRoute(x: Exchange): Next {
  const { door, host, path } = x;
  switch (ownPath(path)) {
    case 'function':
      return takeFunction(x);
    case 'async-function':
      return takeAsyncFunction(x);
    case 'calls':
      return answerCallPage(x);
    case 'system':
      return answerSystem(x);
  }
  x.entry = path === '*' ? undefined : door.table.find(host, path);
  if (x.entry) return;
  // Calls that come before the first route table wait for it: a start is no outage.
  if (door.firstTable && !isReserved(path)) return door.firstTable.then(() => findRoute(x));
  return path === '/' && !door.options.docs ? takeRoot(x) : answerUnrouted(x);
}

type OwnPath = 'function' | 'async-function' | 'calls' | 'system';

/** Which of the door's own paths it is, which go before those of bundles. Runs for every call. */
function ownPath(path: string): OwnPath | undefined {
  switch (path.charCodeAt(1)) {
    case 102:
      return path.startsWith(functionPath) ? 'function' : undefined;
    case 97:
      return path.startsWith(asyncFunctionPath) ? 'async-function' : undefined;
    case 115:
      if (!path.startsWith('/system/')) return undefined;
      if (isCallPage(path)) return 'calls';
      return isSystemPath(path) ? 'system' : undefined;
  }
  return undefined;
}

function loadContract(x: Exchange): Next {
  const entry = x.entry!;
  entry.isUsed = true;
  const loaded = entry.load();
  if (loaded instanceof Promise) return loaded.then((contract) => void (x.contract = contract));
  x.contract = loaded;
}

function matchOperation(x: Exchange): Next {
  // It was named, and is found already.
  if (x.raw !== undefined) return;
  const { contract } = x;
  const entry = x.entry!;
  x.cors = entry.corsOf(contract.settings);
  const path = relativePath(entry.route.basePath, x.path);
  x.rest = path;
  if (x.cors && isPreflight(x.method, x.headers)) return answerPreflight(x, path);
  const match = contract.match(x.method, path);
  if (!match) return answerUnrouted(x);
  if ('allow' in match) return answerMethods(x, match.allow);
  const { operation } = match;
  x.operation = operation;
  x.raw = match.raw;
  x.own = entry.operation(contract, operation);
  x.meter = x.own.meter;
  x.meter.begin();
  x.cors = x.own.cors;
}

function relativePath(basePath: string, path: string): string {
  if (basePath === '/') return path;
  return path.length === basePath.length ? '/' : path.slice(basePath.length);
}

function authenticate(x: Exchange): Next {
  checkAccept(x);
  const identity = x.own.authenticate?.(x.operation, x.headers, x.query);
  if (identity instanceof Promise) return identity.then((who) => void (x.auth = who));
  x.auth = identity;
}

function readParams(x: Exchange): Next {
  x.params = checkParams(x);
  return undefined;
}

function makeCall(x: Exchange): Call {
  const { operation } = x;
  const { kind, data, bytes, isMade } = checkBody(x);
  const length = bytes instanceof Uint8Array ? bytes.byteLength : undefined;
  const headers = endToEndHeaders(x.headers, length);
  if (isMade) headers['content-length'] = String(length);
  const head: CallHead = {
    v: 1,
    action: 'call',
    id: x.id,
    method: operation.method,
    scheme: 'http',
    host: x.host,
    path: x.path,
    query: x.query,
    headers,
    remote: x.connection.remote,
    deadline: Date.now() + operation.settings.timeoutMs,
    operation: operation.key,
    params: x.params,
    auth: x.auth,
    kind,
    checked: x.contract.id,
  };
  if (operation.isFallback) {
    head.method = x.method;
    head.rest = x.rest;
  }
  if (x.upgrade) head.upgrade = 'websocket';
  x.body = empty;
  return { head, body: bytes, data, cancellation: x.cancellation };
}
