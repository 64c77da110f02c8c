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

/**
 * The reply of a call that ended, as its Func gave it. Throws why there is none: that of a dead
 * call is its last error.
 */
export function resultOf(call: CallRecord): Reply {
  const { id, status, reply, error } = call;
  if (reply && !reply.truncated) {
    const headers = { ...reply.headers, 'x-call-id': id };
    return {
      head: { v: 1, action: 'answer', id, status: reply.status, headers },
      body: reply.body,
    };
  }
  if (reply) {
    const detail = `call ${id} answered ${reply.status} with more than is kept (--result-max)`;
    throw new FuncatronError('call_unknown', detail, { status: 410 });
  }
  if (error && status !== 'cancelled') throw fromProblem(showProblem(error));
  throw new FuncatronError('cancelled', `call ${id} was cancelled`, { status: 410 });
}

/** An answer of the Tron over the broker. */
export function jsonReply(status: number, value: unknown, headers: Headers = {}): Reply {
  const own = { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers };
  const body = value === undefined ? empty : Buffer.from(`${JSON.stringify(value)}\n`);
  return { head: { v: 1, action: 'answer', id: '', status, headers: own }, body };
}
