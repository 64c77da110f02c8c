/** Errors as RFC 9457 has them: `application/problem+json`. */
import { STATUS_CODES } from '../node-http.ts';
import type { FuncatronError } from '../errors.ts';
import type { Headers, Problem } from '../message.ts';

/** Bytes of a problem document. `stack` shows only when the door was told to. */
export function problemBytes(problem: Problem, requestId: string | undefined): Buffer {
  const { code, status, title, detail, component, errors, stack } = problem;
  return Buffer.from(
    JSON.stringify({
      type: `urn:funcatron:error:${code}`,
      title,
      status,
      detail,
      code,
      component,
      requestId,
      errors,
      stack,
    }),
  );
}

/** What a caller may know of an error; an unforeseen one says nothing of our inside. */
export function publicProblem(fault: FuncatronError, dev: boolean): Problem {
  const problem = fault.toProblem();
  if (dev) {
    const { cause } = fault;
    const stack = (cause instanceof Error ? cause : fault).stack;
    return fault.code === 'internal' && stack ? { ...problem, stack } : problem;
  }
  if (fault.code === 'internal' && fault.cause !== undefined)
    problem.detail = 'something failed inside; the log has the cause under this request id';
  return problem;
}

/** A whole HTTP response for a connection that has no parsed request: malformed ones get this. */
export function rawResponse(problem: Problem): Buffer {
  const body = problemBytes(problem, undefined);
  const { status } = problem;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`,
    'content-type: application/problem+json',
    `content-length: ${body.byteLength}`,
    `date: ${new Date().toUTCString()}`,
    'connection: close',
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

/** Headers a problem brings along, name and value in turn. */
export function flatHeaders(headers: Headers): (string | string[])[] {
  return Object.entries(headers).flat();
}
