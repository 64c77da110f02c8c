/**
 * One change of a place at a time, in this Tron and in all others of the same store: those wait for
 * a lease named after the place's queue.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { FuncatronError } from '../errors.ts';
import type { Leases } from '../store/lease.ts';
import { Turns } from './turn.ts';

const ttlMs = 15_000;
const renewMs = 5_000;
const marginMs = 1_000;
const retryMs = 100;

/** The right to change a place, while it lasts. */
export interface Hold {
  /** Throws `route_conflict` when somebody else may have it by now. */
  assert(): void;
}

export class PlaceTurns {
  readonly #leases: Leases | undefined;
  readonly #owner: string;
  readonly #waitMs: number;
  readonly #turns = new Turns();

  /** `waitMs`: how long a change waits for one that another Tron makes. */
  constructor(leases: Leases | undefined, owner: string, waitMs: number) {
    this.#leases = leases;
    this.#owner = owner;
    this.#waitMs = waitMs;
  }

  /** Rejects with `route_conflict` when another Tron does not come to an end there. */
  take<T>(queue: string, work: (hold: Hold) => Promise<T>): Promise<T> {
    return this.#turns.take(queue, async () => {
      const until = performance.now() + this.#waitMs;
      for (;;) {
        const held = await this.#hold(queue, work);
        if (held) return held.result;
        if (performance.now() > until) throw conflict(queue);
        await sleep(retryMs);
      }
    });
  }

  /** Does nothing while somebody changes the place. */
  async tryTake(queue: string, work: (hold: Hold) => Promise<void>): Promise<void> {
    if (this.#turns.has(queue)) return;
    await this.#turns.take(queue, () => this.#hold(queue, work));
  }

  async #hold<T>(
    queue: string,
    work: (hold: Hold) => Promise<T>,
  ): Promise<{ result: T } | undefined> {
    const leases = this.#leases;
    if (!leases) return { result: await work({ assert: () => undefined }) };
    const name = `place:${queue}`;
    let until = -Infinity;
    const renew = async (): Promise<boolean> => {
      const askedAt = performance.now();
      const isMine = await leases.take(name, this.#owner, ttlMs);
      until = isMine ? askedAt + ttlMs - marginMs : -Infinity;
      return isMine;
    };
    if (!(await renew())) return undefined;
    const timer = setInterval(() => void renew().catch(() => undefined), renewMs);
    const assert = (): void => {
      if (performance.now() >= until) throw conflict(queue);
    };
    try {
      return { result: await work({ assert }) };
    } finally {
      clearInterval(timer);
      await leases.release(name, this.#owner).catch(() => undefined);
    }
  }
}

function conflict(queue: string): FuncatronError {
  const detail = `another Tron changes the place with queue ${queue}; try again`;
  return new FuncatronError('route_conflict', detail);
}
