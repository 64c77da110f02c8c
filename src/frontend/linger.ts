/**
 * A refusal while the client still sends. Closing at once would reset the connection, and the reset
 * may overtake the answer; reading on without end would let the client win.
 */
import { writeHead } from './response-head.ts';
import type { FlatHeaders } from './response-head.ts';
import type { Exchange } from './exchange.ts';

/** A rest this small is read and dropped, and the connection kept. */
const restBytesMax = 65_536;
/** What is read of a larger one before the connection is reset. */
const lingerBytesMax = 4 * 2 ** 20;

/** Whether more of the body may come than a kept connection is worth. */
export function mustLinger(x: Exchange): boolean {
  if (x.declared === 0 || x.request.complete) return false;
  return x.isLast || x.awaitsContinue || x.declared < 0 || x.declared > restBytesMax;
}

/** Sends the whole answer, then takes what still comes for a while before it closes. */
export function linger(x: Exchange, status: number, headers: FlatHeaders, body: Uint8Array): void {
  const { response } = x;
  x.isLast = true;
  writeHead(x, status, headers);
  response.flushHeaders();
  if (body.byteLength > 0) response.write(body);
  takeRest(x, () => {
    if (!response.writableEnded) response.end();
    x.end(status);
  });
}

/** Reads and drops what still comes of the request, for a while; `onDone` is called once. */
export function takeRest({ request, door }: Exchange, onDone: () => void): void {
  let rest = 0;
  let isDone = false;
  const done = (): void => {
    if (isDone) return;
    isDone = true;
    clearTimeout(timer);
    onDone();
  };
  const timer = setTimeout(done, door.options.lingerMs);
  request.on('data', (chunk: Uint8Array) => {
    if ((rest += chunk.byteLength) > lingerBytesMax) done();
  });
  request.on('end', done);
  request.on('close', done);
  request.resume();
}
