/** A request as the call that the runtime takes. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { FuncatronError } from '../../errors.ts';
import { Cancellation, empty } from '../../message.ts';
import type { Body, CallHead, Headers } from '../../message.ts';
import type { WorkerCall } from '../../runtime/runtime.ts';

/** A body up to this is read before its program is started; the rest is passed on as it comes. */
const heldBytesMax = 1024 * 1024;

export interface Target {
  path: string;
  query: string;
}

/** Path and query of a request, whichever form its target has (RFC 9112 section 3.2). */
export function targetOf({ url = '/' }: IncomingMessage): Target {
  const relative = /^https?:\/\/[^/?]*/i.test(url) ? url.replace(/^[^:]+:\/\/[^/?]*/, '') : url;
  const at = relative.indexOf('?');
  const path = at < 0 ? relative : relative.slice(0, at);
  return { path: path === '' ? '/' : path, query: at < 0 ? '' : relative.slice(at + 1) };
}

/** The call of a request; `socket` is what is left of one that asked for another protocol. */
export function callOf(
  request: IncomingMessage,
  { path, query }: Target,
  body: Body,
  isUpgrade = false,
): WorkerCall & { cancellation: Cancellation } {
  const headers = headersOf(request);
  const head: CallHead = {
    v: 1,
    action: 'call',
    id: idOf(headers),
    method: request.method!,
    scheme: 'http',
    host: String(headers['host'] ?? '').replace(/:\d+$/, ''),
    path,
    query,
    headers,
    remote: request.socket.remoteAddress ?? '',
    // Nobody but the program's own time limits a call here.
    deadline: Number.MAX_SAFE_INTEGER,
  };
  if (isUpgrade) head.upgrade = 'websocket';
  const cancellation = new Cancellation();
  return { operationId: 'call', head, body, kind: 'binary', cancellation };
}

/** Every value of a header is kept apart: a program is told the first. */
function headersOf({ headersDistinct }: IncomingMessage): Headers {
  const headers: Headers = {};
  for (const [name, values] of Object.entries(headersDistinct))
    if (values) headers[name] = values.length === 1 ? values[0]! : values;
  return headers;
}

function idOf(headers: Headers): string {
  const given = [headers['x-call-id'] ?? headers['x-request-id']].flat()[0];
  return given === undefined || !/^[\x21-\x7e]{1,128}$/.test(given) ? randomUUID() : given;
}

/**
 * The body: whole where it is small, so that no program waits for a slow client. Rejects when the
 * client goes away.
 */
export function bodyOf(request: IncomingMessage, isPiped: boolean): Body | Promise<Body> {
  const declared = request.headers['content-length'];
  if (request.headers['transfer-encoding'] !== undefined)
    return isPiped ? chunksOf(request) : beginningOf(chunksOf(request));
  if (declared === undefined || declared === '0') return empty;
  return Number(declared) > heldBytesMax ? chunksOf(request) : wholeOf(request);
}

/** A small body by events: an iterator would cost more than all the rest of its request. */
function wholeOf(request: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    let whole: Buffer | undefined;
    request.on('data', (chunk: Buffer) => (whole = whole ? Buffer.concat([whole, chunk]) : chunk));
    request.once('end', () => resolve(whole ?? empty));
    request.once('error', (cause) => reject(gone(cause)));
  });
}

/** What comes of a body of unknown length, whole where it turns out to be small. */
async function beginningOf(chunks: AsyncGenerator<Uint8Array>): Promise<Body> {
  const held: Uint8Array[] = [];
  let bytes = 0;
  while (bytes <= heldBytesMax) {
    const { done, value } = await chunks.next();
    if (done) return held.length === 1 ? held[0]! : Buffer.concat(held);
    held.push(value);
    bytes += value.byteLength;
  }
  return resumed(held, chunks);
}

/** Leaving early must not end the connection: its answer is still to be sent. */
function chunksOf(request: IncomingMessage | Duplex): AsyncGenerator<Uint8Array> {
  return pass(request.iterator({ destroyOnReturn: false }));
}

async function* pass(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (cause) {
    throw gone(cause);
  }
}

const gone = (cause: unknown): FuncatronError =>
  new FuncatronError('cancelled', 'the client went away', { cause });

async function* resumed(
  held: Uint8Array[],
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* held;
  yield* rest;
}

/** The client's bytes after the head of a request for another protocol. */
export async function* bytesOf(socket: Duplex, first: Uint8Array): AsyncGenerator<Uint8Array> {
  if (first.byteLength > 0) yield first;
  yield* chunksOf(socket);
}
