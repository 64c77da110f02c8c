/** Status and headers of an answer, as they go on the wire. */
import { STATUS_CODES } from '../node-http.ts';
import { FuncatronError } from '../errors.ts';
import type { Headers } from '../message.ts';
import { corsHeaders } from './cors.ts';
import type { Exchange } from './exchange.ts';

/** Headers as `writeHead` takes them fastest: name and value in turn. */
export type FlatHeaders = (string | string[])[];

/** Headers of one connection, not of the message (RFC 9110 section 7.6.1), and those we set. */
const ours = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'x-request-id',
]);

/** Writes the head. Throws `func_bad_result` for a header no HTTP message can have. */
export function writeHead(x: Exchange, status: number, headers: FlatHeaders): void {
  // Only the newest answer of a pipeline may close: Node ends the connection after it.
  if ((x.isLast || x.door.draining) && x.connection.latest === x) {
    x.isLast = true;
    headers.push('connection', 'close');
  }
  try {
    x.response.writeHead(status, STATUS_CODES[status] ?? 'Unknown', headers as string[]);
  } catch (thrown) {
    throw badResult(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** The headers of a reply that travel on, and the door's. Throws `func_bad_result`. */
export function replyHeaders(x: Exchange, headers: Headers): FlatHeaders {
  const out: FlatHeaders = [];
  for (const name in headers) {
    const lower = name.toLowerCase();
    if (ours.has(lower) || (x.cors && lower.startsWith('access-control-'))) continue;
    const value: unknown = headers[name];
    if (typeof value === 'string' || Array.isArray(value)) out.push(lower, value);
    else if (typeof value === 'number') out.push(lower, String(value));
    else throw badResult(`the header "${name}" is ${typeof value}; use text or a list of texts`);
  }
  out.push('x-request-id', x.id);
  if (x.cors || x.door.options.notice) out.push(...doorHeaders(x));
  return out;
}

/** What the door itself has to say in any answer: CORS, and in dev the last build's error. */
export function doorHeaders(x: Exchange): string[] {
  const out = x.cors ? corsHeaders(x.cors, x.headers) : [];
  const notice = x.door.options.notice?.();
  if (notice) {
    const text = `${notice.code}: ${notice.detail}`.replaceAll(/[^\x21-\x7e]+/g, ' ');
    out.push('funcatron-build-error', text.slice(0, 1000));
  }
  return out;
}

/** Whether an answer has a head alone (RFC 9110 sections 9.3.2, 15.3.5, 15.3.6, 15.4.5). */
export function isBodyless(x: Exchange, status: number): boolean {
  return x.method === 'HEAD' || status === 204 || status === 304 || status === 205;
}

/** The length a reply claims for its body, if it claims one. */
export function givenLength(headers: Headers): number | undefined {
  const length = headers['content-length'];
  return typeof length === 'string' && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

export function badResult(why: string): FuncatronError {
  return new FuncatronError('func_bad_result', `the response cannot be sent: ${why}`);
}
