/**
 * Jobs that wait for their time, each queue's in a set of the server ordered by it. Who put one
 * there moves it when it is due; who takes from the queue looks every second for those of others.
 */
import { randomBytes } from 'node:crypto';
import type { Link } from './link.ts';
import type { JobKeys } from './name.ts';
import { delayScript, moveScript, saltBytes } from './script.ts';

const timerMsMax = 2 ** 31 - 1;
const againMs = 1000;

export class Delays {
  readonly #main: Link;
  readonly #timers = new Map<string, { dueAt: number; timer: NodeJS.Timeout }>();
  #isStopped = false;

  constructor(main: Link) {
    this.#main = main;
  }

  async add(keys: JobKeys, bytes: Buffer, delayMs: number): Promise<void> {
    const job = Buffer.concat([randomBytes(saltBytes), bytes]);
    await this.#main.run(delayScript, [keys.delayed], [String(Math.ceil(delayMs)), job]);
    this.#moveIn(keys, delayMs);
  }

  /** Moves what is due to the queue's stream. Never rejects. */
  async move(keys: JobKeys): Promise<void> {
    const moving = this.#main.run(moveScript, [keys.delayed, keys.stream], []);
    const next = await moving.then(Number, () => againMs);
    if (next >= 0) this.#moveIn(keys, next);
  }

  stop(): void {
    this.#isStopped = true;
    for (const { timer } of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  /** One timer a queue: for what is due first. */
  #moveIn(keys: JobKeys, ms: number): void {
    const dueAt = performance.now() + ms;
    const known = this.#timers.get(keys.delayed);
    if (this.#isStopped || (known && known.dueAt <= dueAt)) return;
    clearTimeout(known?.timer);
    const run = (): void => {
      this.#timers.delete(keys.delayed);
      void this.move(keys);
    };
    // Due in its millisecond, not before.
    const timer = setTimeout(run, Math.min(timerMsMax, ms + 1));
    this.#timers.set(keys.delayed, { dueAt, timer: timer.unref() });
  }
}
