/**
 * The workers of one bundle. A worker is starting, ready, or retiring (takes no more, ends when
 * its calls have). Calls that find no free worker wait here, in order, until one is free, one has
 * started, or their deadline passes. Workers come with demand and go when idle (`size.ts`). A bundle
 * whose workers keep dying is restarted ever more slowly, and its callers are told at once.
 */
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Call, Reply } from '../message.ts';
import { blot } from '../secret.ts';
import type { Assigned, Assignment, FuncLog, WorkerCall, WorkerExit } from '../runtime/runtime.ts';
import { Backoff } from './backoff.ts';
import type { PoolMeter } from './meter.ts';
import { Pace } from './pace.ts';
import { timed } from './request-body.ts';
import { PoolSize } from './size.ts';
import type { Instances } from './size.ts';
import { leastLoaded } from './slot.ts';
import type { Slot } from './slot.ts';
import { lost, Starter } from './starter.ts';
import { Streamed } from './streamed.ts';
import { Ticket } from './ticket.ts';
import type { WarmWorkers } from './warm.ts';

/** A worker that dies younger than this, never called, counts as a failed start. */
const youngMs = 1_000;
/** How long a worker with a call past its deadline may take to show that it is not blocked. */
const pingMs = 1_000;

export interface PoolOptions {
  kind: string;
  assignment: Assignment;
  instances: Instances;
  warm: WarmWorkers;
  /** What of the props is secret, and shows in no log. */
  secrets: readonly string[];
  log: Log;
  meter: PoolMeter;
  onLog: (line: FuncLog) => void;
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #slots: Slot[] = [];
  readonly #waiting: Ticket[] = [];
  readonly #inHand = new Set<Ticket>();
  readonly #backoff = new Backoff();
  readonly #starter: Starter;
  readonly #size: PoolSize;
  readonly #pace = new Pace((now) => this.#sweep(now));
  /** Time that calls waited here for a worker, all together. */
  waitedMs = 0;
  #closed = false;
  #killed = false;
  #drained: (() => void) | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#size = new PoolSize(options.instances);
    this.#starter = new Starter(options, (slot, exit) => this.#exited(slot, exit));
  }

  get counts(): { ready: number; starting: number; waiting: number; inHand: number } {
    return {
      ready: this.#slots.length,
      starting: this.#starter.count,
      waiting: this.#waiting.length,
      inHand: this.#inHand.size,
    };
  }

  /** Those that run now. */
  get workers(): Slot['worker'][] {
    return this.#slots.map((slot) => slot.worker);
  }

  get #staying(): number {
    return this.#slots.filter((slot) => !slot.retiring).length;
  }

  /** Has at least one worker ready; rejects with why there is none. */
  async prepare(): Promise<Assigned> {
    const ready = this.#slots.find((slot) => !slot.retiring);
    if (ready) return ready.assigned;
    const slot = await this.#start();
    this.#serveWaiting();
    return slot.assigned;
  }

  /**
   * Runs a Func; one that is safe to repeat runs a second time if its worker died under it. The
   * call is in hand until its answer has ended; each chunk of that may take `timeoutMs`.
   */
  async run(call: Call, work: WorkerCall, timeoutMs?: number): Promise<Reply> {
    const ticket = new Ticket(call, timeoutMs);
    const own = timed(work, ticket);
    try {
      return await this.#attempt(ticket, own);
    } catch (thrown) {
      // A program a call has no worker that would be gone with it.
      if (!/^(process|watchdog)$/.test(this.#options.kind)) ticket.noteLoss(thrown);
      if (!ticket.mayRepeat(thrown)) throw ticket.explain(thrown);
      this.#options.log.warn({ requestId: call.head.id }, 'worker lost; running the call again');
      return await this.#attempt(ticket, own).catch((again: unknown) => {
        throw ticket.explain(again);
      });
    }
  }

  /** Keeps as many workers as that; those beyond `shrinkTo` go as soon as they have no call. */
  resize(instances: Instances, shrinkTo?: number): void {
    if (this.#closed) return;
    this.#size.set(instances, shrinkTo);
    if (this.#pace.isOff) this.#pace.set('slow');
    this.#sweep(Date.now());
  }

  /** Takes no more calls, lets those in hand end, then ends the workers. */
  async drain(): Promise<void> {
    this.#closed = true;
    if (this.#inHand.size > 0 || this.#waiting.length > 0)
      await new Promise<void>((resolve) => (this.#drained = resolve));
    await Promise.all(this.#slots.map((slot) => slot.worker.drain().catch(() => undefined)));
    this.kill();
  }

  /** Ends everything now. */
  kill(): void {
    this.#closed = this.#killed = true;
    this.#pace.set('off');
    for (const ticket of this.#waiting.splice(0)) ticket.refuse(lost());
    this.#starter.kill();
    for (const slot of this.#slots) slot.worker.kill();
  }

  async #attempt(ticket: Ticket, work: WorkerCall): Promise<Reply> {
    ticket.attempts++;
    ticket.slot = undefined;
    this.#inHand.add(ticket);
    if (!this.#pace.isFast) this.#pace.set('fast');
    let reply: Reply | undefined;
    try {
      const slot = (ticket.slot = this.#free() ?? (await this.#wait(ticket)));
      reply = await slot.worker.call(work);
    } finally {
      if (!reply || reply.body instanceof Uint8Array) this.#leave(ticket);
    }
    if (reply.body instanceof Uint8Array) return reply;
    return { head: reply.head, body: new Streamed(reply.body, ticket, () => this.#leave(ticket)) };
  }

  /** A place at the worker with the fewest calls in hand; none while others wait. */
  #free(): Slot | undefined {
    const { concurrency } = this.#options.assignment;
    const slot = this.#waiting.length === 0 ? leastLoaded(this.#slots, concurrency) : undefined;
    slot?.take();
    return slot;
  }

  async #wait(ticket: Ticket): Promise<Slot> {
    if (this.#killed) throw lost();
    const since = performance.now();
    try {
      return await new Promise<Slot>((resolve, reject) => {
        ticket.wait(resolve, reject);
        this.#waiting.push(ticket);
        this.#grow();
      });
    } finally {
      this.waitedMs += performance.now() - since;
    }
  }

  /** Starts a worker if calls wait for one and there may be one more, or there are too few. */
  #grow(): void {
    const running = this.#slots.filter((slot) => slot.takesCalls).length + this.#starter.count;
    const wanted = this.#size.wanted(this.#waiting.length, this.#closed);
    if (this.#killed || this.#starter.count > 0 || running >= wanted) return;
    if (!this.#backoff.mayStart(Date.now())) {
      if (running === 0) this.#failWaiting();
      return;
    }
    this.#start().then(
      () => this.#serveWaiting(),
      () => this.#slots.length === 0 && this.#failWaiting(),
    );
  }

  async #start(): Promise<Slot> {
    const { meter, log } = this.#options;
    try {
      const slot = await this.#starter.start();
      meter.coldStarts.add();
      log.debug({ pid: slot.worker.pid }, 'worker ready');
      this.#slots.push(slot);
      if (this.#pace.isOff) this.#pace.set('slow');
      return slot;
    } catch (thrown) {
      throw this.#killed ? thrown : this.#failed(thrown);
    }
  }

  #failed(thrown: unknown): FuncatronError {
    const failure = this.#backoff.failed(thrown, Date.now());
    this.#options.log.error({ err: thrown }, `worker did not start: ${failure.message}`);
    return failure;
  }

  #exited(slot: Slot, exit: WorkerExit): void {
    const at = this.#slots.indexOf(slot);
    if (at >= 0) this.#slots.splice(at, 1);
    if (!this.#closed && !slot.retiring) this.#report(slot, exit);
    this.#grow();
  }

  #report(slot: Slot, exit: WorkerExit): void {
    const how = exit.signal ? `signal ${exit.signal}` : `code ${exit.code}`;
    const young = Date.now() - slot.startedAt < youngMs;
    if (young && !slot.used)
      this.#failed(new FuncatronError('worker_start_failed', `the worker exited with ${how}`));
    this.#options.log.warn(
      { reason: slot.reason, lastWords: blot(exit.lastWords, this.#options.secrets) || undefined },
      `worker exited with ${how}`,
    );
  }

  /** A call is over: the next waiting one takes its place. */
  #leave(ticket: Ticket): void {
    const { slot, cancellation, call } = ticket;
    this.#inHand.delete(ticket);
    if (slot) {
      slot.load--;
      if (cancellation.cancelled) slot.leaveBehind(call.head.deadline);
      if (slot.retiring && slot.load === 0) slot.end();
    }
    this.#serveWaiting();
    if (this.#drained && this.#inHand.size === 0 && this.#waiting.length === 0) this.#drained();
  }

  #serveWaiting(): void {
    const { concurrency } = this.#options.assignment;
    for (;;) {
      const slot = this.#waiting.length > 0 && leastLoaded(this.#slots, concurrency);
      if (!slot) break;
      slot.take();
      this.#waiting.shift()!.give(slot);
    }
    if (this.#waiting.length > 0 || this.#slots.length < this.#size.min) this.#grow();
  }

  #failWaiting(): void {
    for (const ticket of this.#waiting.splice(0)) ticket.refuse(this.#backoff.refusal(Date.now()));
  }

  /** Deadlines, memory and idleness, looked at together now and then instead of a timer each. */
  #sweep(now: number): void {
    for (const ticket of this.#inHand) if (ticket.isLate(now)) this.#expire(ticket);
    for (const slot of [...this.#slots]) {
      if (slot.isOverMemory(now, this.#options.assignment.memoryBytesMax)) slot.kill('memory');
      else this.#retireIfDone(slot, now);
    }
    const isEmpty = this.#slots.length === 0;
    if (this.#slots.length < this.#size.min) this.#grow();
    if (this.#inHand.size === 0 && isEmpty && this.#size.min === 0) this.#pace.set('off');
    else this.#pace.found(this.#inHand.size > 0);
  }

  #expire(ticket: Ticket): void {
    const at = this.#waiting.indexOf(ticket);
    if (at >= 0) this.#waiting.splice(at, 1);
    ticket.expire();
    if (ticket.slot) void this.#probe(ticket.slot);
  }

  /** A worker with a late call may be blocked: it gets no more until it has answered a ping. */
  async #probe(slot: Slot): Promise<void> {
    if (slot.suspect) return;
    slot.suspect = true;
    const alive = await slot.worker.ping(pingMs);
    if (!alive) return slot.kill('blocked');
    slot.suspect = false;
    this.#serveWaiting();
  }

  #retireIfDone(slot: Slot, now: number): void {
    if (slot.isStuck(now)) return this.#retire(slot, 'late');
    if (slot.retiring) return;
    if (now - slot.startedAt > youngMs) this.#backoff.recovered();
    if (slot.load > 0) slot.idleSince = now;
    else if (this.#size.isSurplus(this.#staying, now - slot.idleSince)) this.#retire(slot, 'idle');
  }

  #retire(slot: Slot, reason: 'late' | 'idle'): void {
    if (reason === 'late' && slot.reason !== 'late')
      this.#options.log.warn('worker retired: it keeps calls past their deadline');
    slot.retiring = true;
    slot.reason = reason;
    if (slot.load === 0) slot.end();
  }
}
