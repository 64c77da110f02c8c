import { FuncatronError, toFault } from '../errors.ts';
import { Cancellation, isIdempotent } from '../message.ts';
import type { Call } from '../message.ts';
import type { Slot } from './slot.ts';

/** One call in a pool's hands, from arrival to reply. */
export class Ticket {
  readonly call: Call;
  readonly cancellation: Cancellation;
  attempts = 0;
  slot: Slot | undefined;
  /** What the worker gets between two chunks of an answer. */
  readonly #chunkMs: number;
  #deadline: number;
  #late = false;
  /** It is the client's turn to send. */
  #awaitsClient = false;
  /** Some of a body in chunks may have been given away. */
  #isBodyBegun = false;
  /** The reader of the answer has a chunk in hand. */
  #rests = false;
  #give: ((slot: Slot) => void) | undefined;
  #refuse: ((error: FuncatronError) => void) | undefined;

  /** `timeoutMs`: what the call was given at the door; absent: what is left of it. */
  constructor(call: Call, timeoutMs?: number) {
    this.call = call;
    this.#deadline = call.head.deadline;
    this.#chunkMs = timeoutMs ?? this.#deadline - Date.now();
    this.cancellation = call.cancellation ??= new Cancellation();
    if (this.cancellation.cancelled) throw new FuncatronError('cancelled', 'nobody waits');
  }

  wait(give: (slot: Slot) => void, refuse: (error: FuncatronError) => void): void {
    this.#give = give;
    this.#refuse = refuse;
    this.cancellation.onCancel(() => this.refuse(new FuncatronError('cancelled', 'nobody waits')));
  }

  /** Ends the wait with a place at a worker. */
  give(slot: Slot): void {
    this.cancellation.onCancel(undefined);
    const give = this.#give;
    this.#give = this.#refuse = undefined;
    give?.(slot);
  }

  refuse(error: FuncatronError): void {
    const refuse = this.#refuse;
    this.#give = this.#refuse = undefined;
    refuse?.(error);
  }

  isLate(now: number): boolean {
    return !this.#late && now >= this.#deadline;
  }

  /** The next chunk of the answer is waited for: it has a deadline of its own. */
  awaitChunk(): void {
    this.#rests = false;
    this.#restart();
  }

  /** The answer, or a chunk of it, is in its reader's hands: how slow that is, it may say. */
  rest(): void {
    this.#rests = true;
    this.#restart();
  }

  /** The next part of the request is waited for, or has come: how slow its sender may be is not. */
  awaitClient(isWaiting: boolean): void {
    this.#awaitsClient = isWaiting;
    this.#isBodyBegun = true;
    this.#restart();
    // Who else has the call in hand goes by this.
    this.call.head.deadline = Math.min(this.#deadline, Number.MAX_SAFE_INTEGER);
  }

  #restart(): void {
    this.#deadline = this.#awaitsClient || this.#rests ? Infinity : Date.now() + this.#chunkMs;
  }

  /** The deadline passed: whoever has the call now gives it up. */
  expire(): void {
    this.#late = true;
    if (this.#refuse) {
      const detail = 'the deadline passed before a worker was free; raise instances.max or timeout';
      this.refuse(new FuncatronError('deadline_in_runner', detail));
    } else this.cancellation.cancel();
  }

  /** Its worker gets no more calls if it is gone. */
  noteLoss(thrown: unknown): void {
    if (this.slot && thrown instanceof FuncatronError && thrown.code === 'func_exited')
      this.slot.lost = true;
  }

  mayRepeat(thrown: unknown): boolean {
    return (
      this.attempts === 1 &&
      !this.#late &&
      !this.cancellation.cancelled &&
      !this.slot?.isKilled &&
      isIdempotent(this.call.head.method) &&
      !this.#isBodyBegun &&
      thrown instanceof FuncatronError &&
      thrown.code === 'func_exited'
    );
  }

  /** What the caller is told: the runner knows more than the worker's connection does. */
  explain(thrown: unknown): FuncatronError {
    const fault = toFault(thrown);
    if (this.#late && fault.code === 'cancelled') {
      const where = this.call.head.operation ?? this.call.head.path;
      return new FuncatronError(
        'func_timeout',
        `${where} did not answer in time; the Func spent the deadline (x-funcatron.timeout)`,
      );
    }
    if (fault.code !== 'func_exited') return fault;
    if (this.slot?.reason === 'memory')
      return new FuncatronError(
        'func_memory',
        'the worker went over x-funcatron.memory and was ended',
      );
    if (this.slot?.reason === 'blocked')
      return new FuncatronError(
        'func_exited',
        'the worker was ended: another call of the same bundle blocked it past its deadline',
      );
    return fault;
  }
}
