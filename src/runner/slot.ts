import type { Assigned, Worker } from '../runtime/runtime.ts';

const memoryLookMs = 250;

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
  /** Since when calls past their deadline may still be running in it. */
  lateSince: number | undefined;
  /** Why the runner ended it, where the runner did. */
  reason: 'memory' | 'blocked' | 'late' | 'idle' | undefined;
  #lookedAt = 0;

  constructor(worker: Worker, assigned: Assigned) {
    this.worker = worker;
    this.assigned = assigned;
  }

  get takesCalls(): boolean {
    return !this.retiring && !this.suspect;
  }

  take(): void {
    this.load++;
    this.used = true;
  }

  /** Looks at most a few times a second: reading /proc is cheap, not free. */
  isOverMemory(now: number, bytesMax: number): boolean {
    if (now - this.#lookedAt < memoryLookMs) return false;
    this.#lookedAt = now;
    if (this.worker.rssBytes() <= bytesMax) return false;
    this.reason = 'memory';
    return true;
  }
}
