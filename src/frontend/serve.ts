/** One request, from its head to its answer: the order of things at the door. */
import { empty } from '../message.ts';
import type { Call, CallHead } from '../message.ts';
import { answerFault, answerOwn, answerReply } from './answer.ts';
import { isPreflight } from './cors.ts';
import type { Exchange } from './exchange.ts';
import { answerMethods, answerPreflight } from './method.ts';
import { prefersAsync } from './prefer.ts';
import { checkDeclared, readBody } from './request-body.ts';
import { checkAccept, checkBody, checkParams } from './request-check.ts';
import { endToEndHeaders, readHead } from './request-head.ts';
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
    x.queued = true;
    if (isAsync(x)) await publish(x, call);
    else answerReply(x, await x.door.broker.call(x.entry!.route.queue, call));
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
  x.entry = path === '*' ? undefined : door.table.find(host, path);
  if (x.entry) return;
  // Calls that come before the first route table wait for it: a start is no outage.
  if (!door.firstTable || isReserved(path)) return answerUnrouted(x);
  return door.firstTable.then(() => findRoute(x));
}

function loadContract(x: Exchange): Next {
  const entry = x.entry!;
  entry.isUsed = true;
  const loaded = entry.load();
  if (loaded instanceof Promise) return loaded.then((contract) => void (x.contract = contract));
  x.contract = loaded;
}

function matchOperation(x: Exchange): Next {
  const { contract } = x;
  const entry = x.entry!;
  x.cors = entry.corsOf(contract.settings);
  const path = relativePath(entry.route.basePath, x.path);
  if (x.cors && isPreflight(x.method, x.headers)) return answerPreflight(x, path);
  const match = contract.match(x.method, path);
  if (!match) return answerUnrouted(x);
  if ('allow' in match) return answerMethods(x, match.allow);
  const { operation } = match;
  x.operation = operation;
  x.raw = match.raw;
  x.own = entry.operation(contract, operation);
  x.meter = x.own.meter;
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

/** Reads the body; a client that waits for our word gets it only now. */
function receiveBody(x: Exchange): Next {
  if (x.declared === 0) return;
  checkDeclared(x.declared, x.door.options.bodyMax);
  if (x.awaitsContinue) {
    x.awaitsContinue = false;
    x.response.writeContinue();
  }
  return readBody(x);
}

function makeCall(x: Exchange): Call {
  const { operation } = x;
  const { kind, data, bytes, isMade } = checkBody(x);
  const headers = endToEndHeaders(x.headers, bytes.byteLength);
  if (isMade) headers['content-length'] = String(bytes.byteLength);
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
  x.body = empty;
  return { head, body: bytes, data, cancellation: x.cancellation };
}

function isAsync(x: Exchange): boolean {
  const { prefer } = x.headers;
  return x.operation.settings.async || (prefer !== undefined && prefersAsync(prefer));
}

/** An asynchronous call: answered once it is durable, and run though its caller goes away. */
async function publish(x: Exchange, call: Call): Promise<void> {
  delete call.cancellation;
  await x.door.broker.publish(x.entry!.route.queue, call);
  const headers = ['content-type', 'application/json'];
  const { prefer } = x.headers;
  if (prefer !== undefined && prefersAsync(prefer))
    headers.push('preference-applied', 'respond-async');
  answerOwn(x, 202, headers, Buffer.from(JSON.stringify({ id: x.id })));
}
