/** Answers: a reply, a problem, or what the door itself has to show. */
import { toFault } from '../errors.ts';
import type { FuncatronError } from '../errors.ts';
import { letGo } from '../inflow.ts';
import { giveBackSole } from '../lending.ts';
import type { Headers, Problem, Reply } from '../message.ts';
import type { Exchange } from './exchange.ts';
import { linger, mustLinger } from './linger.ts';
import { pipe } from './pipe.ts';
import { flatHeaders, problemBytes, publicProblem } from './problem.ts';
import { badResult, doorHeaders, givenLength } from './response-head.ts';
import { isBodyless, replyHeaders, writeHead } from './response-head.ts';
import type { FlatHeaders } from './response-head.ts';
import { switchProtocols } from './upgrade.ts';

/**
 * Below this size a body goes out as one string together with its head; above, the copy costs more
 * than the second buffer.
 */
const oneWriteBytesMax = 4096;

/** Sends a reply. Throws `func_bad_result` when it is no HTTP response. */
export function answerReply(x: Exchange, { head, body, isSole }: Reply): void {
  if (x.ended) return letGo(body);
  if (head.error) return answerProblem(x, head.error);
  const { status } = head;
  if (status === 101 && x.upgrade) return switchProtocols(x, x.upgrade, { head, body });
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw badResult(`status ${String(status)} is none; return 200 to 599`);
  const headers = replyHeaders(x, head.headers);
  if (body instanceof Uint8Array) {
    answerBytes(x, status, headers, body, head.headers);
    if (isSole) x.response.once('finish', () => giveBackSole(body));
    return;
  }
  const length = isBodyless(x, status) ? undefined : givenLength(head.headers);
  if (length !== undefined) headers.push('content-length', String(length));
  writeHead(x, status, headers);
  if (!isBodyless(x, status)) return void pipe(x, status, body, length);
  letGo(body);
  x.response.end();
  x.end(status);
}

/** Sends a whole answer that the door makes itself. */
export function answerOwn(
  x: Exchange,
  status: number,
  headers: FlatHeaders,
  bytes: Uint8Array,
): void {
  const all = [...headers, 'x-request-id', x.id, ...doorHeaders(x)];
  answerBytes(x, status, all, bytes, undefined);
}

/** Sends whatever was thrown as a problem; breaks the connection when an answer has begun. */
export function answerFault(x: Exchange, thrown: unknown): void {
  const fault = toFault(thrown);
  const { door, response } = x;
  if (isOurs(fault)) door.log.error({ ...x.logFields, err: thrown }, fault.message);
  if (x.ended) return;
  if (!x.queued) door.meter.reject(fault.code);
  if (response.headersSent) {
    response.destroy();
    return x.end(fault.status);
  }
  answerProblem(x, publicProblem(fault, door.options.dev));
}

/** Whether whoever runs this must mend it: callers are not told the cause. */
function isOurs({ code, cause }: FuncatronError): boolean {
  if (code === 'security_not_configured' || code === 'bundle_unavailable')
    return cause !== undefined;
  return code === 'internal';
}

export function answerProblem(x: Exchange, problem: Problem): void {
  if (problem.status >= 500) x.meter?.fail(problem);
  const shown = x.door.options.dev ? problem : { ...problem, stack: undefined };
  const bytes = problemBytes(shown, x.id);
  const headers = [
    'content-type',
    'application/problem+json',
    'cache-control',
    'no-store',
    'x-request-id',
    x.id,
    ...doorHeaders(x),
  ];
  if (x.isFunction) headers.push('x-openfaas-internal', 'proxy');
  const given = problem.headers ? flatHeaders(problem.headers) : [];
  try {
    answerBytes(x, problem.status, [...headers, ...given], bytes, undefined);
  } catch {
    // A problem from afar may carry rubbish in its headers or status; what it says still arrives.
    answerBytes(x, 500, headers, bytes, undefined);
  }
}

function answerBytes(
  x: Exchange,
  status: number,
  headers: FlatHeaders,
  body: Uint8Array,
  given: Headers | undefined,
): void {
  const { response } = x;
  if (x.stream) letGo(x.stream.body);
  const size = body.byteLength;
  if (status !== 204 && status !== 304) {
    const isHead = x.method === 'HEAD' && size === 0 && given !== undefined;
    const length = isHead ? (givenLength(given) ?? 0) : size;
    headers.push('content-length', String(status === 205 ? 0 : length));
  }
  if (mustLinger(x)) return linger(x, status, headers, body);
  writeHead(x, status, headers);
  if (size === 0 || isBodyless(x, status)) response.end();
  else if (size <= oneWriteBytesMax) response.end(latin1(body), 'latin1');
  else response.end(body);
  x.end(status);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.prototype.latin1Slice.call(bytes, 0, bytes.byteLength);
}
