/** Bodies that do not go through the broker server, at the taking side. */
import { FuncatronError } from '../../errors.ts';
import { WatchedBody } from '../../lending.ts';
import type { Body, Call } from '../../message.ts';
import type { CallHandler } from '../broker.ts';
import type { Direct, DirectPlace, TakeBody } from '../direct/direct.ts';

/** A reply body may be fetched a little later than the deadline of a call that was just in time. */
const fetchMsMin = 1000;

/**
 * Waits for the body of an offer and runs the call with it. `tell` has the caller know where to
 * connect. Resolves when the call is over: its reply has been read, or broke off. Rejects with
 * `direct_failed` when the body never came; other errors reach the caller over the connection.
 */
export async function runOffer(
  direct: Direct,
  call: Call,
  handler: CallHandler,
  tell: (place: DirectPlace) => void,
): Promise<void> {
  const leftMs = Math.max(1, call.head.deadline - Date.now());
  let over!: () => void;
  let unused!: (error: FuncatronError) => void;
  const ended = new Promise<void>((resolve, reject) => {
    over = resolve;
    unused = reject;
  });
  const take: TakeBody = async (body, cancellation) => {
    try {
      const reply = await handler({ head: call.head, body, cancellation });
      if (!(reply.body instanceof Uint8Array))
        return { head: reply.head, body: new WatchedBody(reply.body, over) };
      over();
      return reply;
    } catch (thrown) {
      over();
      throw thrown;
    }
  };
  tell(await direct.expect(take, leftMs, () => unused(neverCame(call.head.id))));
  await ended;
}

/** Has a reply body fetched. Resolves when it has been read, or nobody will. */
export async function offerReply(
  direct: Direct,
  { head }: Call,
  body: Body,
  tell: (place: DirectPlace) => void,
): Promise<void> {
  const leftMs = Math.max(fetchMsMin, head.deadline - Date.now());
  if (body instanceof Uint8Array) return tell(await direct.offer(body, leftMs));
  let over!: () => void;
  const ended = new Promise<void>((resolve) => (over = resolve));
  tell(await direct.offer(new WatchedBody(body, over), leftMs));
  await ended;
}

function neverCame(id: string): FuncatronError {
  const detail = `the body of call ${id} did not come before its deadline`;
  return new FuncatronError('direct_failed', detail);
}
