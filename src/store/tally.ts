/**
 * How often functions were called, and what came of it. Frontends tell what they have counted since
 * they started, over and over: so a message may be lost, or come twice, and nothing is counted
 * wrongly. What all frontends ever told is added up when somebody asks.
 */

/** What was counted of one function. */
export interface Tally {
  /** Calls by status. */
  calls: Record<string, number>;
  /** Time they took together. */
  seconds: number;
  /** Calls per bucket of `latencyBounds`, the last one without an end. */
  buckets: number[];
  /** Milliseconds since 1970. */
  lastAt: number;
  /** The last call with a status of 500 or more. */
  error?: TallyError;
}

export interface TallyError {
  /** Milliseconds since 1970. */
  at: number;
  status: number;
  /** Of the platform's own errors. */
  code?: string;
  detail?: string;
}

export interface Tallies {
  /** Remembers what a frontend has counted, by name of the function, in place of what it told before. */
  put(source: string, tallies: ReadonlyMap<string, Tally>, at: number): Promise<void>;
  /** Undefined for what was never called. */
  of(name: string): Promise<Tally | undefined>;
  /** By name. */
  all(): Promise<Map<string, Tally>>;
  /**
   * Keeps one account for all frontends not heard of since `before`, but those in `living`; and
   * forgets what nobody called since `forgetBefore`.
   */
  fold(before: number, living: readonly string[], forgetBefore: number): Promise<void>;
}

/** Both together. */
export function addTallies(one: Tally | undefined, other: Tally): Tally {
  if (!one) return other;
  const calls = { ...one.calls };
  for (const [status, count] of Object.entries(other.calls))
    calls[status] = (calls[status] ?? 0) + count;
  const [newer, older] = one.lastAt > other.lastAt ? [one, other] : [other, one];
  const buckets = Array.from(
    { length: Math.max(one.buckets.length, other.buckets.length) },
    (_, at) => (one.buckets[at] ?? 0) + (other.buckets[at] ?? 0),
  );
  const errors = [newer.error, older.error].filter((error) => error !== undefined);
  const [error] = errors.toSorted((a, b) => b.at - a.at);
  const seconds = one.seconds + other.seconds;
  return { calls, seconds, buckets, lastAt: newer.lastAt, ...(error && { error }) };
}
