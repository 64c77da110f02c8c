/** Bodies in chunks over the worker wire, both ways, never more than a window ahead. */
import { giveBack, lenderOf } from '../lending.ts';
import type { Lender } from '../lending.ts';
import type { Body } from '../message.ts';
import { chunkBytes, windowBytes } from './wire.ts';

/** A sender may overshoot its window by the chunk that crossed it. */
const bufferedBytesMax = windowBytes + chunkBytes;

export interface DownloadEvents {
  /** So many bytes were read; the worker may send as many again. */
  onRead(bytes: number): void;
  /** The reader left before the end. */
  onLeave(): void;
}

/** A response body as its chunks come; read once. */
export class Download implements AsyncIterableIterator<Uint8Array>, Lender {
  readonly #events: DownloadEvents;
  readonly #lends: boolean;
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  #untold = 0;
  #state: 'open' | 'ended' | 'left' = 'open';
  #error: unknown;
  #wake: (() => void) | undefined;

  /** `lends`: whoever pushes a chunk keeps nothing of it. */
  constructor(events: DownloadEvents, lends = false) {
    this.#events = events;
    this.#lends = lends;
  }

  giveBack(chunk: Uint8Array): void {
    if (this.#lends) giveBack(chunk);
  }

  /** False when the worker sends more than its window allows. */
  push(chunk: Uint8Array): boolean {
    if (this.#state !== 'open') return true;
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    this.#wake?.();
    return this.#buffered <= bufferedBytesMax;
  }

  end(): void {
    if (this.#state === 'open') this.#state = 'ended';
    this.#wake?.();
  }

  /** Makes the reader throw, after the chunks that came before. */
  break(error: unknown): void {
    if (this.#state !== 'open') return;
    this.#error = error;
    this.end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    while (this.#chunks.length === 0) {
      if (this.#error) throw this.#error;
      if (this.#state !== 'open') return { done: true, value: undefined };
      this.#tell();
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
    const value = this.#chunks.shift()!;
    this.#buffered -= value.length;
    this.#untold += value.length;
    if (this.#untold >= windowBytes / 2) this.#tell();
    return { done: false, value };
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    const early = this.#state === 'open';
    this.#state = 'left';
    this.#chunks = [];
    this.#wake?.();
    if (early) this.#events.onLeave();
    return { done: true, value: undefined };
  }

  #tell(): void {
    if (this.#untold === 0 || this.#state !== 'open') return;
    this.#events.onRead(this.#untold);
    this.#untold = 0;
  }
}

/** A request body on its way to the worker. */
export class Upload {
  #window = windowBytes;
  #stopped = false;
  #wake: (() => void) | undefined;
  #iterator: AsyncIterator<Uint8Array> | undefined;

  /** The worker has read so many bytes. */
  grant(bytes: number): void {
    this.#window += bytes;
    this.#wake?.();
  }

  /** The worker wants no more: the source is told. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#wake?.();
    this.#iterator?.return?.().catch(() => undefined);
  }

  /**
   * Sends a body to its end; false when it was stopped. `whenSent` knows when what was sent has
   * left. Rejects with what the source threw.
   */
  async run(
    body: Body,
    send: (chunk: Uint8Array) => void,
    whenSent: (act: () => void) => void,
  ): Promise<boolean> {
    if (body instanceof Uint8Array) await this.#send(body, send);
    else {
      const iterator = (this.#iterator = body[Symbol.asyncIterator]());
      const lender = lenderOf(body);
      while (!this.#stopped) {
        const { done, value } = await iterator.next();
        if (done) break;
        await this.#send(value, send);
        if (lender) whenSent(() => lender.giveBack(value));
      }
    }
    const whole = !this.#stopped;
    this.#iterator = undefined;
    this.#stopped = true;
    return whole;
  }

  async #send(bytes: Uint8Array, send: (chunk: Uint8Array) => void): Promise<void> {
    for (let offset = 0; offset < bytes.length; offset += chunkBytes) {
      const piece = bytes.subarray(offset, offset + chunkBytes);
      while (this.#window < piece.length && !this.#stopped)
        await new Promise<void>((resolve) => (this.#wake = resolve));
      if (this.#stopped) return;
      this.#window -= piece.length;
      send(piece);
    }
  }
}
