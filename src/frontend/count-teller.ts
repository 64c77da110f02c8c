/**
 * Tells the Trons how often functions were called, while they are: what was counted since this
 * frontend started, so that a message that is lost is made up for by the next one.
 */
import type { DoorMeter, OperationMeter } from './meter.ts';
import { counted, total } from './metric-family.ts';

const everyMs = 2_000;
/** Functions in one message, which is well below what any broker takes. */
const namesMax = 400;

/** As the Trons keep it: `docs/control-messages.schema.json`. */
interface Tally {
  calls: Record<string, number>;
  seconds: number;
  buckets: number[];
  lastAt: number;
  error?: OperationMeter['error'];
}

export class CountTeller {
  readonly #meter: DoorMeter;
  readonly #tell: (tallies: Record<string, Tally>) => Promise<void>;
  readonly #timer: NodeJS.Timeout;
  /** Calls by function that were told. */
  readonly #told = new Map<OperationMeter, number>();

  constructor(meter: DoorMeter, tell: (tallies: Record<string, Tally>) => Promise<void>) {
    this.#meter = meter;
    this.#tell = tell;
    this.#timer = setInterval(() => void this.flush(), everyMs).unref();
  }

  /** Tells now what was not told. */
  async flush(): Promise<void> {
    const now = Date.now();
    let names: [string, Tally][] = [];
    for (const meter of this.#meter.operations) {
      if ((this.#told.get(meter) ?? 0) === meter.ended) continue;
      this.#told.set(meter, meter.ended);
      meter.lastAt = now;
      names.push([meter.labels.functionName, tallyOf(meter)]);
      if (names.length < namesMax) continue;
      await this.#tell(Object.fromEntries(names));
      names = [];
    }
    if (names.length > 0) await this.#tell(Object.fromEntries(names));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }
}

function tallyOf({ byStatus, lastAt, error }: OperationMeter): Tally {
  const calls: Record<string, number> = {};
  let seconds = 0;
  let buckets: number[] = [];
  for (const [status, count] of counted(byStatus)) {
    calls[status] = total(count.buckets);
    seconds += count.seconds;
    buckets = Array.from(count.buckets, (inBucket, at) => inBucket + (buckets[at] ?? 0));
  }
  return { calls, seconds, buckets, lastAt, ...(error && { error }) };
}
