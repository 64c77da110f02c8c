/**
 * One queue of the embedded broker.
 *
 * A call is in one of three states. *Waiting*: in `#waiting`, until a consumer has room, its
 * deadline passes or its caller goes away. *In hand*: in `#inHand`, its handler running. *Settled*:
 * in neither, its promise resolved or rejected. Whenever calls wait, no consumer has room.
 *
 * Jobs are asynchronous calls: nobody waits for them, so calls go first; every eighth handover is
 * a job's while both wait, so that neither starves the other.
 */
import type { FuncatronError } from '../../errors.ts';
import type { Call, Reply } from '../../message.ts';
import type { CallHandler, Consumer, ConsumeOptions, QueueDepth } from '../broker.ts';
import { Chain } from './chain.ts';
import type { Link } from './chain.ts';
import { cancelled, expired, full, unanswered } from '../refusal.ts';
import { Taker } from './taker.ts';

/** A runner ends a call at its deadline with a better error than ours; so long it may take. */
const graceMs = 250;
/** Deadlines are looked for at most so often. */
const sweepMsMin = 5;
const timerMsMax = 2 ** 31 - 1;
/** One handover in so many is a job's while calls wait too. */
const jobTurn = 8;

export interface QueueLimits {
  /** Calls that may wait (`--queue-max`); as many jobs may wait beside them. */
  waitingMax: number;
  /** Bytes of bodies that may wait (`--queue-bytes-max`). */
  bytesMax: number;
}

/** An asynchronous call, waiting: what to do when a consumer has room. Never rejects. */
export interface Job extends Link {
  /** Milliseconds since 1970. */
  at: number;
  run(handler: CallHandler): Promise<void>;
}

export class Queue {
  readonly name: string;
  readonly #limits: QueueLimits;
  readonly #onUnused: () => void;
  readonly #waiting = new Chain<Entry>();
  readonly #jobs = new Chain<Job>();
  readonly #inHand = new Chain<Entry>();
  readonly #takers: Taker[] = [];
  #waitingBytes = 0;
  #handed = 0;
  #nextTaker = 0;
  #turn = 0;
  #sweepAt = Infinity;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(name: string, limits: QueueLimits, onUnused: () => void) {
    this.name = name;
    this.#limits = limits;
    this.#onUnused = onUnused;
  }

  call(call: Call): Promise<Reply> {
    const now = Date.now();
    return new Promise((resolve, reject) => {
      if (call.head.deadline <= now || call.cancellation?.cancelled) {
        reject(call.head.deadline <= now ? expired(this, call) : cancelled(call));
        return this.#vanish();
      }
      const entry = new Entry(call, now, resolve, reject);
      const taker = this.#waiting.first ? undefined : this.#free();
      if (taker) this.#hand(entry, taker);
      else this.#wait(entry);
    });
  }

  /** Jobs that wait are bounded by whoever made them durable: what was accepted is kept. */
  add(job: Job): void {
    this.#jobs.push(job);
    this.pump();
  }

  get consumers(): number {
    return this.#takers.length;
  }

  get jobs(): number {
    return this.#jobs.size;
  }

  consume(handler: CallHandler, { prefetch }: ConsumeOptions): Consumer {
    const taker = new Taker(this, handler, prefetch);
    this.#takers.push(taker);
    // Later, so that the caller holds its consumer before the first call comes.
    queueMicrotask(() => this.pump());
    return taker;
  }

  leave(taker: Taker): void {
    const at = this.#takers.indexOf(taker);
    if (at >= 0) this.#takers.splice(at, 1);
    this.#vanish();
  }

  /** Hands over what waits for as long as a consumer has room. */
  pump(): void {
    while ((this.#waiting.first || this.#jobs.first) && !this.#closed) {
      const taker = this.#free();
      if (!taker) return;
      const jobsTurn = this.#jobs.first && (!this.#waiting.first || this.#turn++ % jobTurn === 0);
      if (jobsTurn) this.#handJob(this.#jobs.shift()!, taker);
      else this.#handNext(taker);
    }
  }

  depth(): QueueDepth {
    const oldest = Math.min(this.#waiting.first?.at ?? Infinity, this.#jobs.first?.at ?? Infinity);
    return {
      waiting: this.#waiting.size + this.#jobs.size,
      inFlight: this.#handed,
      oldestMs: oldest === Infinity ? 0 : Math.max(0, Date.now() - oldest),
      consumers: this.#takers.length,
    };
  }

  close(error: FuncatronError): void {
    this.#closed = true;
    for (const entry of this.#waiting) {
      this.#unwait(entry);
      entry.reject(error);
    }
    if (this.#inHand.size === 0) this.#disarm();
  }

  #wait(entry: Entry): void {
    const { call } = entry;
    const { waitingMax, bytesMax } = this.#limits;
    const bytes = bodyBytes(call);
    if (this.#waiting.size >= waitingMax)
      return entry.reject(full(this, `${waitingMax} calls wait (--queue-max)`));
    // An empty queue takes a body of any size: the door has a limit of its own for one body.
    if (this.#waiting.size > 0 && this.#waitingBytes + bytes > bytesMax)
      return entry.reject(full(this, `bodies of ${bytesMax} bytes wait (--queue-bytes-max)`));
    this.#waiting.push(entry);
    this.#waitingBytes += bytes;
    this.#sweepBy(call.head.deadline);
    call.cancellation?.onCancel(() => {
      if (!this.#unwait(entry)) return;
      entry.reject(cancelled(call));
      this.#vanish();
    });
  }

  /** Whether it did wait. */
  #unwait(entry: Entry): boolean {
    if (!this.#waiting.remove(entry)) return false;
    this.#waitingBytes -= bodyBytes(entry.call);
    entry.call.cancellation?.onCancel(undefined);
    return true;
  }

  #handNext(taker: Taker): void {
    const entry = this.#waiting.first!;
    this.#unwait(entry);
    if (entry.call.head.deadline <= Date.now()) entry.reject(expired(this, entry.call));
    else this.#hand(entry, taker);
  }

  #hand(entry: Entry, taker: Taker): void {
    taker.inHand++;
    this.#handed++;
    this.#inHand.push(entry);
    this.#sweepBy(entry.call.head.deadline + graceMs);
    let answer: Promise<Reply>;
    try {
      answer = taker.handler(entry.call);
    } catch (error) {
      answer = Promise.reject(error);
    }
    answer.then(
      (reply) => {
        if (this.#inHand.remove(entry)) entry.resolve(reply);
        this.#handBack(taker);
      },
      (error: unknown) => {
        if (this.#inHand.remove(entry)) entry.reject(error);
        this.#handBack(taker);
      },
    );
  }

  #handJob(job: Job, taker: Taker): void {
    taker.inHand++;
    this.#handed++;
    void job.run(taker.handler).then(() => this.#handBack(taker));
  }

  #handBack(taker: Taker): void {
    taker.inHand--;
    this.#handed--;
    if (taker.inHand === 0) taker.onIdle?.();
    if (this.#waiting.first || this.#jobs.first) this.pump();
    else if (this.#takers.length === 0) this.#vanish();
    else if (this.#closed && this.#inHand.size === 0) this.#disarm();
  }

  /** The next consumer that has room, in turn. */
  #free(): Taker | undefined {
    const takers = this.#takers;
    for (let tried = 0; tried < takers.length; tried++) {
      if (this.#nextTaker >= takers.length) this.#nextTaker = 0;
      const taker = takers[this.#nextTaker++]!;
      if (taker.inHand < taker.prefetch) return taker;
    }
    return undefined;
  }

  /** One timer a queue, for the earliest deadline: calls that are answered in time cost none. */
  #sweepBy(at: number): void {
    if (at >= this.#sweepAt) return;
    clearTimeout(this.#timer);
    this.#sweepAt = at;
    const wait = Math.min(Math.max(at - Date.now(), sweepMsMin), timerMsMax);
    this.#timer = setTimeout(() => this.#sweep(), wait);
  }

  #sweep(): void {
    this.#sweepAt = Infinity;
    const now = Date.now();
    let next = Infinity;
    for (const entry of this.#waiting) {
      const { deadline } = entry.call.head;
      if (deadline > now) next = Math.min(next, deadline);
      else if (this.#unwait(entry)) entry.reject(expired(this, entry.call));
    }
    for (const entry of this.#inHand) {
      // Of a body in chunks, the one who takes it knows whose time runs.
      if (!(entry.call.body instanceof Uint8Array)) continue;
      const end = entry.call.head.deadline + graceMs;
      if (end > now) next = Math.min(next, end);
      else if (this.#inHand.remove(entry)) entry.reject(unanswered(this, entry.call));
    }
    if (next < Infinity) this.#sweepBy(next);
    this.#vanish();
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#sweepAt = Infinity;
  }

  #vanish(): void {
    const used = this.#takers.length + this.#waiting.size + this.#jobs.size + this.#handed;
    if (used > 0) return;
    this.#disarm();
    this.#onUnused();
  }
}

class Entry implements Link {
  before: this | undefined = undefined;
  after: this | undefined = undefined;
  chain: object | undefined = undefined;
  readonly call: Call;
  readonly at: number;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;

  constructor(
    call: Call,
    at: number,
    resolve: (reply: Reply) => void,
    reject: (error: unknown) => void,
  ) {
    this.call = call;
    this.at = at;
    this.resolve = resolve;
    this.reject = reject;
  }
}

function bodyBytes({ body }: Call): number {
  return body instanceof Uint8Array ? body.length : 0;
}
