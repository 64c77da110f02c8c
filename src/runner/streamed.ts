/** An answer in chunks, as whoever reads it gets it: its call is in hand until the last one. */
import { lenderOf } from '../lending.ts';
import type { Lender } from '../lending.ts';
import type { Ticket } from './ticket.ts';

export class Streamed implements AsyncIterableIterator<Uint8Array>, Lender {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #lender: Lender | undefined;
  readonly #ticket: Ticket;
  readonly #onEnd: () => void;
  #ended = false;

  /** `onEnd` is called once: when the answer is whole, broken, or read no further. */
  constructor(body: AsyncIterable<Uint8Array>, ticket: Ticket, onEnd: () => void) {
    this.#chunks = body[Symbol.asyncIterator]();
    this.#lender = lenderOf(body);
    this.#ticket = ticket;
    this.#onEnd = onEnd;
    ticket.rest();
  }

  giveBack(chunk: Uint8Array): void {
    this.#lender?.giveBack(chunk);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    try {
      this.#ticket.awaitChunk();
      const next = await this.#chunks.next();
      if (!next.done) {
        this.#ticket.rest();
        return next;
      }
    } catch (thrown) {
      this.#end();
      throw this.#ticket.explain(thrown);
    }
    this.#end();
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    await this.#chunks.return?.();
    this.#end();
    return { done: true, value: undefined };
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
  }
}
