/** The sending half of a direct connection: a body on its way, no faster than it is taken. */
import type { Writable } from 'node:stream';
import { FuncatronError } from '../../errors.ts';
import { lenderOf } from '../../lending.ts';
import type { Body } from '../../message.ts';
import { frameType, writeFrame } from './frame.ts';

/** A whole body goes in pieces of this, so that it can be stopped and its stall be seen. */
const pieceBytes = 256 * 1024;

export class Outlet {
  readonly #stream: Writable;
  #iterator: AsyncIterator<Uint8Array> | undefined;
  /** Since when it waits for the other side to take what was written; 0 when it does not. */
  #stalledAt = 0;
  #isQuiet = false;
  #isStopped = false;
  #wake: (() => void) | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
    const wake = (): void => {
      this.#stalledAt = 0;
      this.#wake?.();
    };
    stream.on('drain', wake);
    stream.on('error', () => undefined);
    stream.on('close', () => {
      this.stop();
      wake();
    });
  }

  stalledMs(now: number): number {
    return this.#stalledAt === 0 ? 0 : now - this.#stalledAt;
  }

  /** `onSent`: when the payload's memory is needed no more, if that is ever known. */
  write(type: number, payload?: Uint8Array | string, onSent?: () => void): void {
    if (this.#isOver()) return;
    this.#isQuiet = false;
    if (!writeFrame(this.#stream, type, payload, onSent)) this.#stalledAt ||= Date.now();
  }

  /** Says that this side is alive, if it has said nothing since the last time. */
  beat(): void {
    if (this.#isQuiet && this.#stalledAt === 0) this.write(frameType.beat);
    this.#isQuiet = true;
  }

  /**
   * Sends a body and its end, or the fault that its source threw; ends the stream. Resolves with
   * what the source threw. Never rejects. A body that was stopped has no end.
   */
  async pump(body: Body): Promise<unknown> {
    let thrown: unknown;
    try {
      if (body instanceof Uint8Array) await this.#send(body);
      else {
        const iterator = (this.#iterator = body[Symbol.asyncIterator]());
        const lender = lenderOf(body);
        // A source whose reader left before it began.
        if (this.#isStopped) void iterator.return?.().catch(() => undefined);
        while (!this.#isStopped) {
          const { done, value } = await iterator.next();
          if (done) break;
          await this.#send(value, lender && (() => lender.giveBack(value)));
        }
      }
      if (!this.#isStopped) this.write(frameType.end);
    } catch (error) {
      thrown = error;
      this.fail(toBreak(error));
    }
    this.#iterator = undefined;
    this.#isStopped = true;
    if (!this.#stream.destroyed) this.#stream.end();
    return thrown;
  }

  /** Says why there is no (more of a) body. */
  fail(fault: FuncatronError): void {
    this.write(frameType.fault, JSON.stringify(fault.toProblem()));
  }

  /** Nobody wants more: the source is let go. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#iterator?.return?.()?.catch(() => undefined);
    this.#wake?.();
  }

  #isOver(): boolean {
    return this.#stream.destroyed || this.#stream.writableEnded;
  }

  async #send(bytes: Uint8Array, onSent?: () => void): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#isStopped; at += pieceBytes) {
      const isLast = at + pieceBytes >= bytes.length;
      const piece = bytes.subarray(at, at + pieceBytes);
      this.write(frameType.data, piece, isLast ? onSent : undefined);
      while (this.#stalledAt !== 0 && !this.#isStopped)
        await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** What its reader is told of a body whose source failed. */
function toBreak(thrown: unknown): FuncatronError {
  if (thrown instanceof FuncatronError) return thrown;
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return new FuncatronError('direct_failed', `the body broke off: ${why}`);
}
