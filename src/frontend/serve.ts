/** One request, from its head to its answer: the order of things at the door. */
import { empty } from '../message.ts';
import type { Call, CallHead, Identity, Params } from '../message.ts';
import type { Contract, Operation } from '../openapi/contract.ts';
import { answerFault, answerOwn, answerReply } from './answer.ts';
import { isPreflight } from './cors.ts';
import type { RouteEntry } from './entry.ts';
import type { Exchange } from './exchange.ts';
import { answerMethods, answerPreflight } from './method.ts';
import { prefersAsync } from './prefer.ts';
import { checkDeclared, readBody } from './request-body.ts';
import { checkAccept, checkBody, checkParams } from './request-check.ts';
import type { Payload } from './request-check.ts';
import { endToEndHeaders, readHead } from './request-head.ts';
import { answerUnrouted, isReserved } from './unrouted.ts';

/**
 * Serves a request. Never rejects: whatever is thrown becomes the answer. One function, since every
 * further asynchronous one would cost each call a promise and two turns of the queue.
 */
export async function serve(x: Exchange): Promise<void> {
  try {
    readHead(x);
    const { door } = x;
    const before = door.options.beforeCall?.();
    if (before) await before;
    const entry = x.path === '*' ? undefined : (find(x) ?? (await findLate(x)));
    if (!entry) return await answerUnrouted(x);
    x.entry = entry;
    entry.isUsed = true;
    const contract = entry.contract ?? (await entry.load());
    x.cors = entry.corsOf(contract.settings);
    const path = relativePath(entry.route.basePath, x.path);
    if (x.cors && isPreflight(x.method, x.headers)) return answerPreflight(x, contract, path);
    const match = contract.match(x.method, path);
    if (!match) return await answerUnrouted(x);
    if ('allow' in match) return answerMethods(x, match.allow);
    const { operation } = match;
    const own = entry.operation(contract, operation);
    x.meter = own.meter;
    x.cors = own.cors;
    checkAccept(x, operation);
    const auth = own.authenticate && (await own.authenticate(operation, x.headers, x.query));
    const params = checkParams(x, operation, match.raw);
    const body = x.declared === 0 ? empty : await receiveBody(x);
    const payload = checkBody(x, operation, body);
    if (x.ended) return;
    const call = makeCall(x, { contract, operation, params, auth, payload });
    x.queued = true;
    const { prefer } = x.headers;
    const asked = prefer !== undefined && prefersAsync(prefer);
    if (asked || operation.settings.async) return await publish(x, call, asked);
    answerReply(x, await door.broker.call(entry.route.queue, call));
  } catch (thrown) {
    answerFault(x, thrown);
  }
}

function find({ door, host, path }: Exchange): RouteEntry | undefined {
  return door.table.find(host, path);
}

/** Calls that come before the first route table wait for it: a start is no outage. */
async function findLate(x: Exchange): Promise<RouteEntry | undefined> {
  const { door } = x;
  if (!door.firstTable || isReserved(x.path)) return undefined;
  await door.firstTable;
  return find(x);
}

function relativePath(basePath: string, path: string): string {
  if (basePath === '/') return path;
  return path.length === basePath.length ? '/' : path.slice(basePath.length);
}

interface Checked {
  contract: Contract;
  operation: Operation;
  params: Params;
  auth: Identity | undefined;
  payload: Payload;
}

function makeCall(x: Exchange, { contract, operation, params, auth, payload }: Checked): Call {
  const { kind, data, bytes, isMade } = payload;
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
    params,
    auth,
    kind,
    checked: contract.id,
  };
  return { head, body: bytes, data, cancellation: x.cancellation };
}

/** An asynchronous call: answered once it is durable, and run though its caller goes away. */
async function publish(x: Exchange, call: Call, asked: boolean): Promise<void> {
  delete call.cancellation;
  await x.door.broker.publish(x.entry!.route.queue, call);
  const headers = ['content-type', 'application/json'];
  if (asked) headers.push('preference-applied', 'respond-async');
  answerOwn(x, 202, headers, Buffer.from(JSON.stringify({ id: x.id })));
}

/** Reads the body; a client that waits for our word gets it only now. */
function receiveBody(x: Exchange): Promise<Uint8Array> {
  const { bodyMax } = x.door.options;
  checkDeclared(x.declared, bodyMax);
  if (x.awaitsContinue) {
    x.awaitsContinue = false;
    x.response.writeContinue();
  }
  return readBody(x.request, x.declared, bodyMax, x.cancellation);
}
