/** Asynchronous calls as answers show them. */
import { FuncatronError, fromProblem } from '../errors.ts';
import { empty } from '../message.ts';
import type { Headers, Problem, Reply } from '../message.ts';
import type { CallRecord, CallStatus, CallSummary } from '../store/call.ts';

const ended = new Set<CallStatus>(['done', 'failed', 'cancelled', 'dead']);

/** Whether nothing more happens to it, unless somebody redrives it. */
export function hasEnded({ status }: CallSummary): boolean {
  return ended.has(status);
}

/** What whoever has the id may know; `url` is where it asks. */
export function showStatus(call: CallSummary, url: string): Record<string, unknown> {
  const { id, status, bundle, operation, method, path, tries, acceptedAt, updatedAt } = call;
  const links = hasEnded(call) ? { url, result: `${url}/result` } : { url };
  const times = { acceptedAt, updatedAt, ...(hasEnded(call) && { endedAt: updatedAt }) };
  const error = call.error && { error: showProblem(call.error) };
  return { id, status, ...links, tries, ...times, bundle, operation, method, path, ...error };
}

/** A problem without what is for the log alone. */
export function showProblem({ stack: _stack, headers: _headers, ...problem }: Problem): Problem {
  return problem;
}

/** The reply of a call that ended, as its Func gave it; or as the error why there is none. */
export function resultOf(call: CallRecord): Reply {
  const { id, reply } = call;
  const head = { v: 1, action: 'answer', id } as const;
  if (reply && !reply.truncated) {
    const headers = { ...reply.headers, 'x-call-id': id };
    return { head: { ...head, status: reply.status, headers }, body: reply.body };
  }
  const error = whyNoResult(call).toProblem();
  return { head: { ...head, status: error.status, headers: {}, error }, body: empty };
}

/** Of a call that ended without a reply that is kept whole: that of a dead one is its last error. */
export function whyNoResult({ id, status, reply, error }: CallRecord): FuncatronError {
  if (reply) {
    const detail = `call ${id} answered ${reply.status} with more than is kept (--result-max)`;
    return new FuncatronError('call_unknown', detail, { status: 410 });
  }
  if (error && status !== 'cancelled') return fromProblem(showProblem(error));
  return new FuncatronError('cancelled', `call ${id} was cancelled`, { status: 410 });
}

/** An answer of the Tron over the broker. */
export function jsonReply(status: number, value: unknown, headers: Headers = {}): Reply {
  const own = { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers };
  const body = value === undefined ? empty : Buffer.from(`${JSON.stringify(value)}\n`);
  return { head: { v: 1, action: 'answer', id: '', status, headers: own }, body };
}
