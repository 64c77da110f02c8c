/** The Trons a node has heard of, and where bundles can be fetched from them. */

/** A Tron not heard of for so long is asked last: it may only be the broker that is gone. */
const silentAfterMs = 35_000;
/** Not heard of for so long, it is forgotten. */
const forgottenAfterMs = 3_600_000;

/** The header that holds a Tron's fetch key. */
export const fetchKeyHeader = 'x-funcatron-fetch-key';

export interface TronInfo {
  id: string;
  url: string;
  /** What opens its bundles, and nothing else. */
  fetchKey: string;
}

export class TronList {
  readonly #trons = new Map<string, TronInfo & { seenAt: number }>();
  #heard: (() => void)[] = [];

  hear(info: TronInfo): void {
    this.#trons.set(info.id, { ...info, seenAt: performance.now() });
    for (const heard of this.#heard.splice(0)) heard();
  }

  forget(id: string): void {
    this.#trons.delete(id);
  }

  /** Those heard of lately first, in an order of chance: so they share the work. */
  list(): TronInfo[] {
    const now = performance.now();
    for (const [id, { seenAt }] of this.#trons)
      if (now - seenAt > forgottenAfterMs) this.#trons.delete(id);
    const ranked = [...this.#trons.values()].map((tron) => {
      return { tron, rank: Number(now - tron.seenAt > silentAfterMs) + Math.random() / 2 };
    });
    return ranked.toSorted((a, b) => a.rank - b.rank).map(({ tron }) => tron);
  }

  /** Resolves when a Tron is known, or after so long without one. */
  async waitForOne(timeoutMs: number): Promise<void> {
    if (this.#trons.size > 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs).unref();
      this.#heard.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
