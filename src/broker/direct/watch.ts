/** Signs of life on the direct connections of one process, sent and looked for by one timer. */

export interface Watched {
  /** Says that this side is alive. */
  beat(): void;
  /** Ends it if the other side is lost. */
  check(now: number): void;
}

/** So many signs of life come in the time without one that a side counts as lost after. */
const beatsPerStall = 4;

export class Watch {
  readonly #all = new Set<Watched>();
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(stallTimeoutMs: number) {
    this.#intervalMs = Math.max(5, Math.floor(stallTimeoutMs / beatsPerStall));
  }

  get size(): number {
    return this.#all.size;
  }

  add(watched: Watched): void {
    this.#all.add(watched);
    this.#timer ??= setInterval(() => this.#look(), this.#intervalMs).unref();
  }

  delete(watched: Watched): void {
    this.#all.delete(watched);
    if (this.#all.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const now = Date.now();
    for (const watched of this.#all) {
      watched.beat();
      watched.check(now);
    }
  }
}
