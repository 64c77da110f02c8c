/** Bodies that do not go through the broker server, at the taking side. */
import { FuncatronError } from '../../errors.ts';
import { lenderOf } from '../../lending.ts';
import type { Lender } from '../../lending.ts';
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
        return { head: reply.head, body: new Watched(reply.body, over) };
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
  tell(await direct.offer(new Watched(body, over), leftMs));
  await ended;
}

/** The same chunks, and when they have been read to the end or left, begun or not. */
class Watched implements AsyncIterableIterator<Uint8Array>, Lender {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #lender: Lender | undefined;
  readonly #end: () => void;

  constructor(chunks: AsyncIterable<Uint8Array>, end: () => void) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#lender = lenderOf(chunks);
    this.#end = end;
  }

  giveBack(chunk: Uint8Array): void {
    this.#lender?.giveBack(chunk);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    try {
      const result = await this.#chunks.next();
      if (result.done) this.#end();
      return result;
    } catch (thrown) {
      this.#end();
      throw thrown;
    }
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#end();
    await this.#chunks.return?.();
    return { done: true, value: undefined };
  }
}

function neverCame(id: string): FuncatronError {
  const detail = `the body of call ${id} did not come before its deadline`;
  return new FuncatronError('direct_failed', detail);
}
