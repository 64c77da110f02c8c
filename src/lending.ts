/**
 * Chunks that were passed on give their memory back at once. Left to the collector, it would have to
 * look through the whole heap for every 64 MiB that went through, and that much would lie about.
 */
import type { Body } from './message.ts';

/** A stream that wants its chunks back from a reader that is done with them; never twice. */
export interface Lender {
  giveBack(chunk: Uint8Array): void;
}

/** Below this the collector is cheaper. */
const lentBytesMin = 16 * 1024;
/** What may lie around a chunk in its memory: the head of a frame, which has been read. */
const slackBytes = 16;

export function lenderOf(body: Body): Lender | undefined {
  return 'giveBack' in body ? (body as Partial<Lender> as Lender) : undefined;
}

/** Frees the memory of a body that is known to have it for itself, head and all. */
export function giveBackSole({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** Frees the memory of a chunk that has it for itself; any other is left to the collector. */
export function giveBack({ buffer, byteLength }: Uint8Array): void {
  const isAlone = buffer.byteLength >= lentBytesMin && buffer.byteLength - byteLength <= slackBytes;
  if (isAlone && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** The same chunks; tells, once or more, when they have been read to the end or left, begun or not. */
export class WatchedBody implements AsyncIterableIterator<Uint8Array>, Lender {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #lender: Lender | undefined;
  readonly #onEnd: () => void;

  constructor(body: AsyncIterable<Uint8Array>, onEnd: () => void) {
    this.#chunks = body[Symbol.asyncIterator]();
    this.#lender = lenderOf(body);
    this.#onEnd = onEnd;
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
      if (result.done) this.#onEnd();
      return result;
    } catch (thrown) {
      this.#onEnd();
      throw thrown;
    }
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#onEnd();
    await this.#chunks.return?.();
    return { done: true, value: undefined };
  }
}
