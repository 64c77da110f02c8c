/**
 * A request body that is passed on as it comes: read no faster than it is taken, bounded in size,
 * and given up when its client stalls or leaves.
 */
import type { Readable } from 'node:stream';
import { FuncatronError } from '../errors.ts';
import { Inflow } from '../inflow.ts';
import { tooLarge } from './request-body.ts';
import type { BodyLimit } from './request-body.ts';

/** What is read and dropped once nobody wants more, so that the client is heard leaving. */
const droppedBytesMax = 4 * 2 ** 20;

export interface StreamOptions {
  limit: BodyLimit;
  /** Before the first byte is waited for. */
  onStart?: () => void;
  /** It has no time for the whole of it, only for each next part. */
  isUnhurried: boolean;
  /** What came already. */
  first?: Uint8Array;
}

export class RequestStream {
  readonly body: Inflow;
  /** It may take as long as it goes on. */
  readonly isUnhurried: boolean;
  readonly #source: Readable;
  readonly #limit: BodyLimit;
  readonly #onStart: (() => void) | undefined;
  #isStarted = false;
  #size = 0;
  #dropped = 0;
  /** When the client last had something to do: it sent, or was asked to go on. */
  #heardAt = Date.now();

  constructor(source: Readable, { limit, isUnhurried, onStart, first }: StreamOptions) {
    this.isUnhurried = isUnhurried;
    this.#source = source;
    this.#limit = limit;
    this.#onStart = onStart;
    this.body = new Inflow({
      onWait: () => this.#wait(),
      onRoom: () => {
        this.#heardAt = Date.now();
        source.resume();
      },
      onLeave: () => void (this.#isStarted && source.resume()),
    });
    if (first) this.#take(first);
  }

  /** When the last byte came, or the last was asked for, in milliseconds since 1970. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Whether the client has been asked for more than it sent for longer than it may take. */
  isStalled(now: number, stallTimeoutMs: number): boolean {
    return this.body.isWaiting && now - this.#heardAt > stallTimeoutMs;
  }

  #wait(): void {
    this.#heardAt = Date.now();
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#onStart?.();
    this.#source.on('data', (chunk: Uint8Array) => this.#take(chunk));
    this.#source.on('end', () => this.body.end());
    // It was paused, if some of it was read before.
    this.#source.resume();
  }

  #take(chunk: Uint8Array): void {
    this.#heardAt = Date.now();
    this.#size += chunk.byteLength;
    if (this.#size > this.#limit.bytes)
      this.body.break(tooLarge(this.#limit, 'more than that came'));
    if (!this.body.isOpen) return this.#drop(chunk);
    if (!this.body.push(chunk)) this.#source.pause();
  }

  #drop(chunk: Uint8Array): void {
    this.#dropped += chunk.byteLength;
    if (this.#dropped > droppedBytesMax) this.#source.pause();
  }
}

/** What became of a client that is asked for more and sends nothing. */
export function stalled(stallTimeoutMs: number): FuncatronError {
  const detail = `the client sent nothing of its body for ${stallTimeoutMs} ms (--stall-timeout)`;
  return new FuncatronError('request_timeout', detail);
}
