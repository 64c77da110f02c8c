/** A body that comes in chunks, sent as they come and no faster than the client takes them. */
import { letGo } from '../inflow.ts';
import { lenderOf } from '../lending.ts';
import { drained } from './drain.ts';
import type { Exchange } from './exchange.ts';
import { mustLinger, takeRest } from './linger.ts';

/**
 * Sends a stream; the head is written. A stream that breaks, or that is not of the length its head
 * promised, breaks the connection: the client must not take a part for the whole. Never rejects.
 */
export async function pipe(
  x: Exchange,
  status: number,
  body: AsyncIterable<Uint8Array>,
  length: number | undefined,
): Promise<void> {
  const { response } = x;
  response.flushHeaders();
  try {
    const size = await send(x, body, length);
    if (length !== undefined && size !== length && !x.ended)
      throw new Error(`the body is not of the ${length} bytes its content-length says`);
    if (x.stream) letGo(x.stream.body);
    if (mustLinger(x)) return finish(x, status);
    response.end();
  } catch (thrown) {
    if (!x.ended) x.door.log.warn({ ...x.logFields, err: thrown }, 'the response broke off');
    response.destroy();
  }
  x.end(status);
}

/** The answer was early: of the request, the rest is dropped; what is too much ends it. */
function finish(x: Exchange, status: number): void {
  const { response, request, connection } = x;
  if (!x.isLast) response.end();
  takeRest(x, () => {
    if (x.isLast) response.end();
    else if (!request.complete) connection.socket.destroy();
    x.end(status);
  });
}

/** Returns how many bytes came; stops where more come than the head promised. */
async function send(
  x: Exchange,
  body: AsyncIterable<Uint8Array>,
  length: number | undefined,
): Promise<number> {
  const { response } = x;
  const lender = lenderOf(body);
  let size = 0;
  for await (const chunk of body) {
    if (x.ended) break;
    size += chunk.byteLength;
    if (length !== undefined && size > length) break;
    if (chunk.byteLength === 0) continue;
    const goesOn = lender
      ? response.write(chunk, () => lender.giveBack(chunk))
      : response.write(chunk);
    if (!goesOn) await drained(response);
  }
  return size;
}
