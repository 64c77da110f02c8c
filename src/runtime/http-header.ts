/** Headers between a call and the bundle's own HTTP program. */
import type { CallHead, Headers } from '../message.ts';
import type { WorkerCall } from './runtime.ts';

/** Headers of one connection, not of the message (RFC 9110, 7.6.1), and what the door has done. */
const hopByHop = new Set(
  'connection keep-alive proxy-connection te trailer transfer-encoding upgrade expect'.split(' '),
);
/** Set here, and never the caller's. */
const ours = /^(x-request-id|x-forwarded-for|x-forwarded-proto|x-funcatron-.*)$/;

/** The request's headers as undici takes them fastest: name and value in turn. */
export function requestHeaders({ head, body, operationId }: WorkerCall): (string | string[])[] {
  const flat: (string | string[])[] = [];
  const named = connectionOptions(head.headers);
  const measured = body instanceof Uint8Array;
  for (const [name, value] of Object.entries(head.headers)) {
    if (hopByHop.has(name) || named?.has(name) || ours.test(name)) continue;
    // undici counts bytes itself, and counts right.
    if (name === 'content-length' && measured) continue;
    flat.push(name, value);
  }
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
