/**
 * One change of a thing at a time, in this Tron and in all others of the same store: those wait for
 * a lease named after it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { FuncatronError } from '../errors.ts';
import type { Leases } from '../store/lease.ts';
import { Turns } from './turn.ts';

const ttlMs = 15_000;
const renewMs = 5_000;
const marginMs = 1_000;
const retryMs = 100;

/** The right to change something, while it lasts. */
export interface Hold {
  /** Throws `route_conflict` when somebody else may have it by now. */
  assert(): void;
}

export class LeasedTurns {
  readonly #kind: string;
  readonly #leases: Leases | undefined;
  readonly #owner: string;
  readonly #waitMs: number;
  readonly #turns = new Turns();

  /**
   * `kind`: what it is that changes, such as `place`. `waitMs`: how long a change waits for one that
   * another Tron makes. Without leases no other Tron has this store.
   */
  constructor(kind: string, leases: Leases | undefined, owner: string, waitMs: number) {
    this.#kind = kind;
    this.#leases = leases;
    this.#owner = owner;
    this.#waitMs = waitMs;
  }

  /** Rejects with `route_conflict` when another Tron does not come to an end there. */
  take<T>(key: string, work: (hold: Hold) => Promise<T>): Promise<T> {
    return this.#turns.take(key, async () => {
      const until = performance.now() + this.#waitMs;
      for (;;) {
        const held = await this.#hold(key, work);
        if (held) return held.result;
        if (performance.now() > until) throw this.#conflict(key);
        await sleep(retryMs);
      }
    });
  }

  /** Does nothing while somebody changes it. */
  async tryTake(key: string, work: (hold: Hold) => Promise<void>): Promise<void> {
    if (this.#turns.has(key)) return;
    await this.#turns.take(key, () => this.#hold(key, work));
  }

  async #hold<T>(
    key: string,
    work: (hold: Hold) => Promise<T>,
  ): Promise<{ result: T } | undefined> {
    const leases = this.#leases;
    if (!leases) return { result: await work({ assert: () => undefined }) };
    const name = `${this.#kind}:${key}`;
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
      if (performance.now() >= until) throw this.#conflict(key);
    };
    try {
      return { result: await work({ assert }) };
    } finally {
      clearInterval(timer);
      await leases.release(name, this.#owner).catch(() => undefined);
    }
  }

  #conflict(key: string): FuncatronError {
    const detail = `another Tron changes ${this.#kind} ${key}; try again`;
    return new FuncatronError('route_conflict', detail);
  }
}
