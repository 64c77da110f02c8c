/** A request body in chunks, as its worker gets it: whose turn it is decides whose time runs. */
import { lenderOf } from '../lending.ts';
import type { Lender } from '../lending.ts';
import type { WorkerCall } from '../runtime/runtime.ts';
import type { Ticket } from './ticket.ts';

/** The same work, the Func's time standing still while the client is waited for. */
export function timed(work: WorkerCall, ticket: Ticket): WorkerCall {
  if (work.body instanceof Uint8Array) return work;
  return { ...work, body: new TimedBody(work.body, ticket) };
}

class TimedBody implements AsyncIterableIterator<Uint8Array>, Lender {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #lender: Lender | undefined;
  readonly #ticket: Ticket;

  constructor(body: AsyncIterable<Uint8Array>, ticket: Ticket) {
    this.#chunks = body[Symbol.asyncIterator]();
    this.#lender = lenderOf(body);
    this.#ticket = ticket;
  }

  giveBack(chunk: Uint8Array): void {
    this.#lender?.giveBack(chunk);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    this.#ticket.awaitClient(true);
    try {
      return await this.#chunks.next();
    } finally {
      this.#ticket.awaitClient(false);
    }
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#ticket.awaitClient(false);
    await this.#chunks.return?.();
    return { done: true, value: undefined };
  }
}
