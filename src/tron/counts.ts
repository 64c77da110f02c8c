/** How often functions were called, kept in the store: frontends tell, the leading Tron writes. */
import type { Log } from '../log.ts';
import type { ControlMessage } from '../message.ts';
import { latencyBounds } from '../metrics.ts';
import type { Tallies, Tally, TallyError } from '../store/tally.ts';

/** How a function was called so far. */
export interface Usage {
  calls: number;
  /** Calls by status. */
  statuses: Record<string, number>;
  /** Milliseconds: the mean, and below which half, and nineteen of twenty, were answered. */
  latencyMs: { mean: number; p50: number; p95: number };
  /** Milliseconds since 1970. */
  lastAt: number;
  /** Of the last call with a status of 500 or more. */
  lastError?: TallyError;
}

interface CountsParts {
  /** Absent: nothing is kept. */
  tallies: Tallies | undefined;
  log: Log;
  leads(): boolean;
  /** Nodes that live. */
  living(): string[];
}

const hourMs = 3_600_000;
/** A frontend not heard of for so long does not go on counting. */
const goneAfterMs = 24 * hourMs;
/** A function that nobody called for so long is not remembered. */
const forgottenAfterMs = 400 * 24 * hourMs;
/** Functions waiting to be written, at most: a frontend tells them again. */
const waitingMax = 10_000;

export class Counts {
  readonly #parts: CountsParts;
  readonly #waiting = new Map<string, Map<string, Tally>>();
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: CountsParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#fold(), hourMs).unref();
  }

  /** `counts` of a frontend. */
  hear({ from, tallies }: ControlMessage): void {
    if (!this.#parts.tallies || !this.#parts.leads()) return;
    if (typeof tallies !== 'object' || tallies === null) return;
    const waiting = this.#waiting.get(from) ?? new Map<string, Tally>();
    for (const [name, tally] of Object.entries(tallies as Record<string, unknown>))
      if (isTally(tally) && waiting.size < waitingMax) waiting.set(name, tally);
    this.#waiting.set(from, waiting);
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
  }

  /** Of a function by its counted name; undefined: it was never called. */
  async usageOf(name: string): Promise<Usage | undefined> {
    await this.#writing;
    const tally = await this.#parts.tallies?.of(name);
    return tally && showTally(tally);
  }

  /** Of all functions that were ever called, by their counted names. */
  async all(): Promise<Map<string, Usage>> {
    await this.#writing;
    const tallies = (await this.#parts.tallies?.all()) ?? new Map<string, Tally>();
    return new Map(Array.from(tallies, ([name, tally]) => [name, showTally(tally)]));
  }

  /** Resolves when what was heard is written. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
  }

  async #write(): Promise<void> {
    for (const [source, tallies] of this.#waiting) {
      this.#waiting.delete(source);
      try {
        await this.#parts.tallies!.put(source, tallies, Date.now());
      } catch (err) {
        this.#parts.log.warn({ err }, 'counts of calls could not be written; they come again');
      }
    }
  }

  async #fold(): Promise<void> {
    const { tallies, leads, living, log } = this.#parts;
    if (!tallies || !leads()) return;
    const now = Date.now();
    try {
      await tallies.fold(now - goneAfterMs, living(), now - forgottenAfterMs);
    } catch (err) {
      log.warn({ err }, 'counts of frontends that are gone could not be put together');
    }
  }
}

function isTally(tally: unknown): tally is Tally {
  const { calls, seconds, buckets, lastAt } = (tally ?? {}) as Partial<Tally>;
  return (
    typeof calls === 'object' &&
    typeof seconds === 'number' &&
    Array.isArray(buckets) &&
    typeof lastAt === 'number'
  );
}

function showTally(tally: Tally): Usage {
  const { calls: statuses, seconds, buckets, lastAt, error } = tally;
  const calls = Object.values(statuses).reduce((sum, count) => sum + count, 0);
  const latencyMs = {
    mean: roundMs((seconds / Math.max(1, calls)) * 1000),
    p50: quantileMs(buckets, 0.5),
    p95: quantileMs(buckets, 0.95),
  };
  return { calls, statuses, latencyMs, lastAt, ...(error && { lastError: error }) };
}

/** Within a bucket calls are taken to be spread evenly, as Prometheus's `histogram_quantile` does. */
function quantileMs(buckets: readonly number[], quantile: number): number {
  const rank = buckets.reduce((sum, count) => sum + count, 0) * quantile;
  let below = 0;
  for (const [at, count] of buckets.entries()) {
    const upper = latencyBounds[at];
    const lower = latencyBounds[at - 1] ?? 0;
    if (upper === undefined) return lower * 1000;
    if (below + count >= rank && count > 0)
      return roundMs((lower + ((upper - lower) * (rank - below)) / count) * 1000);
    below += count;
  }
  return 0;
}

function roundMs(ms: number): number {
  return Math.round(ms * 100) / 100;
}
