import type { Assigned, Worker } from '../runtime/runtime.ts';

const memoryLookMs = 250;
/** How long calls that nobody waits for may go on past their deadline. */
const strayMs = 2_000;

/** One worker of a pool and what the pool knows of it. */
export class Slot {
  readonly worker: Worker;
  readonly assigned: Assigned;
  readonly startedAt = Date.now();
  /** Calls in hand, those included that were just given a place. */
  load = 0;
  /** Whether it ever had a call: a worker that dies under one did start. */
  used = false;
  idleSince = Date.now();
  retiring = false;
  /** Whether it may be blocked: a ping is out. */
  suspect = false;
  /** A call found it gone, though its end has not been seen yet. */
  lost = false;
  /** Deadline of the first call given up on that it had not ended. */
  strayDeadline: number | undefined;
  /** Why the runner ended it, where the runner did. */
  reason: 'memory' | 'blocked' | 'late' | 'idle' | undefined;
  #lookedAt = 0;
  #killed = false;

  constructor(worker: Worker, assigned: Assigned) {
    this.worker = worker;
    this.assigned = assigned;
  }

  /** The runner ended it for what one of its calls did: that must not be done again. */
  get isKilled(): boolean {
    return this.#killed;
  }

  get takesCalls(): boolean {
    return !this.retiring && !this.suspect && !this.lost && !this.#killed;
  }

  take(): void {
    this.load++;
    this.used = true;
  }

  /** A call was given up on, and goes on for all the runner knows. */
  leaveBehind(deadline: number): void {
    if (this.worker.open > this.load) this.strayDeadline ??= deadline;
  }

  /** Whether calls given up on still run: their threads or promises would pile up for ever. */
  isStuck(now: number): boolean {
    if (this.#killed || this.strayDeadline === undefined || now - this.strayDeadline <= strayMs)
      return false;
    if (this.worker.open > this.load) return true;
    this.strayDeadline = undefined;
    return false;
  }

  /** Ends the worker now. It gets no more calls, though its end may take a while to be seen. */
  kill(reason: Slot['reason']): void {
    if (!this.#killed) this.reason = reason;
    this.#killed = true;
    this.worker.kill();
  }

  /** Ends the worker, whose calls have all been answered. */
  end(): void {
    if (this.reason === 'late') this.worker.kill();
    else void this.worker.drain().catch(() => this.worker.kill());
  }

  /** Looks at most a few times a second: reading /proc is cheap, not free. */
  isOverMemory(now: number, bytesMax: number): boolean {
    if (now - this.#lookedAt < memoryLookMs) return false;
    this.#lookedAt = now;
    return this.worker.rssBytes() > bytesMax;
  }
}

/** The worker that takes calls, has a place free and the fewest calls in hand. */
export function leastLoaded(slots: readonly Slot[], concurrency: number): Slot | undefined {
  let best: Slot | undefined;
  for (const slot of slots) {
    if (!slot.takesCalls || slot.load >= concurrency) continue;
    if (!best || slot.load < best.load) best = slot;
  }
  return best;
}
