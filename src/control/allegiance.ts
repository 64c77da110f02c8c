/**
 * Which store the Trons have that a node listens to. Revisions of one store mean nothing in
 * another: Trons with a new store are followed with all counted anew, but not while those with the
 * old one are there.
 */
import type { Log } from '../log.ts';
import type { ControlMessage } from '../message.ts';

/** Three heartbeats of a Tron. */
const silentAfterMs = 30_000;

export class Allegiance {
  readonly #log: Log;
  readonly #onOther: () => void;
  #store: string | undefined;
  #heardAt = -Infinity;
  #strangers = new Set<string>();

  constructor(log: Log, onOther: () => void) {
    this.#log = log;
    this.#onOther = onOther;
  }

  get store(): string | undefined {
    return this.#store;
  }

  /** What was so before a restart; whoever speaks now has more to say. */
  recall(store: string): void {
    this.#store = store;
  }

  /** Whether a Tron's message is to be followed. */
  isOurs({ store, from }: ControlMessage): boolean {
    if (typeof store !== 'string') return true;
    const now = performance.now();
    if (store === this.#store) {
      this.#heardAt = now;
      return true;
    }
    if (now - this.#heardAt < silentAfterMs) {
      if (this.#strangers.has(from)) return false;
      this.#strangers.add(from);
      this.#log.error({ tron: from }, `Tron ${from} has another store than the others: ignored`);
      return false;
    }
    const isFirst = this.#store === undefined;
    this.#store = store;
    this.#heardAt = now;
    this.#strangers.clear();
    if (!isFirst) this.#onOther();
    return true;
  }
}
