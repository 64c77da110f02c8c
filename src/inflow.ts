/** Chunks that come when they come, for one reader that takes them in its own time. */

import { giveBack } from './lending.ts';
import type { Lender } from './lending.ts';
import type { Body } from './message.ts';

/** What may wait for the reader before whoever pushes is asked to pause. */
const aheadBytes = 128 * 1024;

export interface InflowEvents {
  /** The reader begins to wait. */
  onWait?(): void;
  /** There is room again after `push` said that there was none. */
  onRoom(): void;
  /** The reader left before the end. */
  onLeave(): void;
}

/** Whoever pushes a chunk keeps nothing of it. */
export class Inflow implements AsyncIterableIterator<Uint8Array, undefined>, Lender {
  readonly #events: InflowEvents;
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  #isFull = false;
  #state: 'open' | 'ended' | 'left' = 'open';
  #error: unknown;
  #waiting: PromiseWithResolvers<IteratorResult<Uint8Array, undefined>> | undefined;

  constructor(events: InflowEvents) {
    this.#events = events;
  }

  /** Whether the reader waits for bytes that have not come. */
  get isWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  /** Whether more may be pushed: neither ended, nor broken, nor left. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** False when that is enough for now. What comes after the end, or is for nobody, is dropped. */
  push(chunk: Uint8Array): boolean {
    if (this.#state !== 'open' || chunk.byteLength === 0) return true;
    const waiting = this.#waiting;
    if (waiting) {
      this.#waiting = undefined;
      waiting.resolve({ done: false, value: chunk });
      return true;
    }
    this.#chunks.push(chunk);
    this.#buffered += chunk.byteLength;
    this.#isFull = this.#buffered >= aheadBytes;
    return !this.#isFull;
  }

  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    this.#waiting?.resolve({ done: true, value: undefined });
    this.#waiting = undefined;
  }

  /** Makes the reader throw, after the chunks that came before. */
  break(error: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    if (!this.#waiting) return void (this.#error = error);
    this.#waiting.reject(error);
    this.#waiting = undefined;
  }

  giveBack(chunk: Uint8Array): void {
    giveBack(chunk);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const value = this.#chunks.shift();
    if (value) {
      this.#buffered -= value.byteLength;
      if (this.#isFull && this.#buffered < aheadBytes / 2) {
        this.#isFull = false;
        if (this.#state === 'open') this.#events.onRoom();
      }
      return Promise.resolve({ done: false, value });
    }
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#state !== 'open') return Promise.resolve({ done: true, value: undefined });
    const { promise } = (this.#waiting ??= Promise.withResolvers());
    this.#events.onWait?.();
    return promise;
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    const isEarly = this.#state === 'open';
    this.#state = 'left';
    this.#chunks = [];
    this.#error = undefined;
    this.#waiting?.resolve({ done: true, value: undefined });
    this.#waiting = undefined;
    if (isEarly) this.#events.onLeave();
    return Promise.resolve({ done: true, value: undefined });
  }
}

/** Lets go of a body nobody will read, so that its source stops. */
export function letGo(body: Body): void {
  if (body instanceof Uint8Array) return;
  const left = body[Symbol.asyncIterator]().return?.();
  left?.catch(() => undefined);
}
