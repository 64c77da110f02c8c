/** A reply, or an error, as the answer to a request. */
import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { toFault } from '../../errors.ts';
import { letGo } from '../../inflow.ts';
import { lenderOf } from '../../lending.ts';
import type { Headers, Reply } from '../../message.ts';

/** A body below this goes out in one string with its head: that costs less than a second buffer. */
const oneWriteBytesMax = 4096;

/** Headers of one connection, and the one that is counted here. */
const ours = /^(connection|keep-alive|transfer-encoding|upgrade|content-length)$/i;

/** Sends a reply. Resolves when it is out or broken off; rejects when it is no HTTP response. */
export async function sendReply(response: ServerResponse, { head, body }: Reply): Promise<void> {
  const { status, headers } = head;
  const isBodyless = response.req.method === 'HEAD' || status === 204 || status === 304;
  const length = body instanceof Uint8Array ? body.byteLength : declared(headers);
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers))
    if (!ours.test(name)) response.setHeader(name, value);
  const isMeasured = length !== undefined && status !== 204 && status !== 304;
  const isKnown = response.req.method === 'HEAD' ? (declared(headers) ?? length) : length;
  if (isMeasured) response.setHeader('content-length', isKnown ?? 0);
  if (isBodyless || body instanceof Uint8Array) {
    if (isBodyless || !(body instanceof Uint8Array)) response.end();
    else if (body.byteLength > oneWriteBytesMax) response.end(body);
    else response.end(Buffer.prototype.latin1Slice.call(body, 0, body.byteLength), 'latin1');
    letGo(body);
    return;
  }
  response.flushHeaders();
  await pump(response, body);
}

function declared(headers: Headers): number | undefined {
  const length = headers['content-length'];
  return typeof length === 'string' && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/** Sends a body as fast as it is taken, then ends; breaks the connection where the body breaks. */
export async function pump(to: Writable, body: AsyncIterable<Uint8Array>): Promise<void> {
  const lender = lenderOf(body);
  try {
    for await (const chunk of body) {
      if (to.destroyed) break;
      if (!to.write(chunk, () => lender?.giveBack(chunk))) await drained(to);
    }
    to.end();
  } catch {
    // The program's part is told where it broke.
    to.destroy();
  }
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    if (stream.destroyed) return resolve();
    stream.on('drain', done).on('close', done);
  });
}

/** Sends an error as text, marked as the watchdog's own; breaks an answer that has begun. */
export function sendFault(response: ServerResponse, thrown: unknown): void {
  const { status, message } = toFault(thrown);
  if (response.headersSent) return void response.destroy();
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  sendText(response, status, `${message}\n`, { 'x-openfaas-internal': 'of-watchdog' });
}

export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  const type = { 'content-type': 'text/plain; charset=utf-8' };
  response.writeHead(status, { ...type, 'content-length': Buffer.byteLength(text), ...headers });
  response.end(response.req.method === 'HEAD' ? undefined : text);
}
