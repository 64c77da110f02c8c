/** Headers between a call and the bundle's own HTTP program. */
import type { CallHead, Headers } from '../message.ts';
import type { WorkerCall } from './runtime.ts';

/** Headers of one connection, not of the message (RFC 9110, 7.6.1), and what the door has done. */
const hopByHop = new Set(
  'connection keep-alive proxy-connection te trailer transfer-encoding upgrade expect'.split(' '),
);
/** Set here, and never the caller's. */
const ours = /^(x-request-id|x-forwarded-for|x-forwarded-proto|x-funcatron-.*)$/;

/** Where a call goes within the program, and with which headers. */
export interface Forward {
  /** With the query. */
  path: string;
  /** Name and value in turn. */
  headers: (string | string[])[];
}

/** A call as the bundle's own program gets it. */
export function forwardOf(call: WorkerCall): Forward {
  const { head } = call;
  return { path: withQuery(head.path, head.query), headers: requestHeaders(call) };
}

export const withQuery = (path: string, query: string): string =>
  query ? `${path}?${query}` : path;

/** The caller's headers that travel on, but those that `skip` matches. */
export function callerHeaders({ head, body }: WorkerCall, skip?: RegExp): (string | string[])[] {
  const flat: (string | string[])[] = [];
  const named = connectionOptions(head.headers);
  const measured = body instanceof Uint8Array;
  for (const [name, value] of Object.entries(head.headers)) {
    if (hopByHop.has(name) || named?.has(name) || skip?.test(name)) continue;
    // Bytes are counted where they are sent.
    if (name === 'content-length' && measured) continue;
    flat.push(name, value);
  }
  return flat;
}

function requestHeaders(call: WorkerCall): (string | string[])[] {
  const { head, operationId } = call;
  const flat = callerHeaders(call, ours);
  flat.push('x-request-id', head.id, 'x-forwarded-proto', head.scheme);
  flat.push('x-forwarded-for', forwardedFor(head), 'x-funcatron-operation', operationId);
  if (head.auth) flat.push('x-funcatron-auth', asciiJson(head.auth));
  return flat;
}

/** The answer's headers that travel on. */
export function replyHeaders(headers: Record<string, string | string[] | undefined>): Headers {
  const kept: Headers = {};
  const named = connectionOptions(headers);
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !hopByHop.has(name) && !named?.has(name)) kept[name] = value;
  return kept;
}

/** Headers that the sender says are of this connection alone. */
function connectionOptions(
  headers: Record<string, string | string[] | undefined>,
): Set<string> | undefined {
  const { connection } = headers;
  if (connection === undefined) return undefined;
  return new Set(
    String(connection)
      .toLowerCase()
      .split(/\s*,\s*/),
  );
}

function forwardedFor({ headers, remote }: CallHead): string {
  const before = headers['x-forwarded-for'];
  return before === undefined ? remote : `${String(before)}, ${remote}`;
}

/** JSON that any header can carry. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
