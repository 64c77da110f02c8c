/**
 * What runners told of their load, made into rates: they count from when a bundle was enabled, so
 * that what lies between two messages is their difference, however many were lost.
 */
import type { ControlMessage } from '../message.ts';

/** Told by a runner of one of its queues. */
interface Told {
  queue: string;
  enabledIn: number;
  instances: number;
  starting: number;
  concurrency: number;
  waiting: number;
  inHand: number;
  calls: number;
  waitMs: number;
  serviceMs: number;
  cpuMs: number;
}

/** The load of one queue, over all runners. */
export interface QueueLoad {
  /** Workers that are ready, and that start. */
  instances: number;
  starting: number;
  /** Calls one worker takes at a time. */
  concurrency: number;
  /** Calls that wait for a worker, and all that runners have, those included. */
  waiting: number;
  inHand: number;
  /** Calls that end in a second. */
  rate: number;
  /** Of those: mean time until a worker had them, and that it had them. */
  waitMs: number;
  serviceMs: number;
  /** CPUs in use. */
  cpu: number;
  /** Milliseconds since 1970 of when a call was last seen; 0: never. */
  activeAt: number;
}

interface Entry {
  told: Told;
  at: number;
  /** What rates are counted from. */
  from: { told: Told; at: number };
  rate: number;
  waitMs: number;
  serviceMs: number;
  cpu: number;
  activeAt: number;
}

interface RunnerEntry {
  at: number;
  cpus: number;
  queues: Map<string, Entry>;
}

/** Two heartbeats and a half: what a runner said before is not so any more. */
const staleAfterMs = 25_000;
/** Over less time than this a rate means nothing. */
const rateOverMs = 1_000;

const nothing: QueueLoad = {
  ...{ instances: 0, starting: 0, concurrency: 1, waiting: 0, inHand: 0 },
  ...{ rate: 0, waitMs: 0, serviceMs: 0, cpu: 0, activeAt: 0 },
};

export class LoadBook {
  readonly #runners = new Map<string, RunnerEntry>();

  /** `load`, or a heartbeat that has one. */
  hear({ from, load }: ControlMessage, now = Date.now()): void {
    const { cpus, queues } = (load ?? {}) as { cpus?: number; queues?: Told[] };
    if (typeof cpus !== 'number' || !Array.isArray(queues)) return;
    const before = this.#runners.get(from);
    const entries = queues.map((told): [string, Entry] => {
      return [told.queue, follow(before?.queues.get(told.queue), told, now)];
    });
    this.#runners.set(from, { at: now, cpus, queues: new Map(entries) });
  }

  forget(runner: string): void {
    this.#runners.delete(runner);
  }

  /** CPUs of the machines that runners are on, as far as they are different ones. */
  get cpus(): number {
    return Math.max(1, ...[...this.#runners.values()].map(({ cpus }) => cpus));
  }

  /** All runners together; of a queue that none tells of, nothing. */
  of(queue: string, now = Date.now()): QueueLoad {
    const sum = { ...nothing };
    for (const [id, { at, queues }] of this.#runners) {
      if (now - at > staleAfterMs) {
        this.#runners.delete(id);
        continue;
      }
      const entry = queues.get(queue);
      if (entry) add(sum, entry);
    }
    return sum;
  }
}

function follow(before: Entry | undefined, told: Told, at: number): Entry {
  const isSame = before?.told.enabledIn === told.enabledIn && before.told.calls <= told.calls;
  const last = isSame ? before : undefined;
  const hasCalls = told.inHand > 0 || told.calls > (last?.told.calls ?? 0);
  const activeAt = hasCalls ? at : (last?.activeAt ?? 0);
  const rates = { rate: 0, waitMs: 0, serviceMs: 0, cpu: 0, ...(last && pick(last)) };
  if (!last) return { told, at, from: { told, at }, ...rates, activeAt };
  const { from } = last;
  if (at - from.at < rateOverMs) return { ...last, told, at, activeAt };
  const calls = told.calls - from.told.calls;
  const mean = (ms: number): number => (calls > 0 ? Math.max(0, ms) / calls : 0);
  return {
    ...{ told, at, from: { told, at }, activeAt },
    rate: (calls * 1000) / (at - from.at),
    waitMs: mean(told.waitMs - from.told.waitMs),
    serviceMs: mean(told.serviceMs - from.told.serviceMs),
    // A worker that ended takes what it had used along.
    cpu: Math.max(0, told.cpuMs - from.told.cpuMs) / (at - from.at),
  };
}

function pick({ rate, waitMs, serviceMs, cpu }: Entry) {
  return { rate, waitMs, serviceMs, cpu };
}

function add(sum: QueueLoad, entry: Entry): void {
  const { told, rate } = entry;
  const both = sum.rate + rate;
  const weigh = (a: number, b: number): number =>
    both > 0 ? (a * sum.rate + b * rate) / both : Math.max(a, b);
  sum.waitMs = weigh(sum.waitMs, entry.waitMs);
  sum.serviceMs = weigh(sum.serviceMs, entry.serviceMs);
  sum.rate = both;
  sum.cpu += entry.cpu;
  sum.instances += told.instances;
  sum.starting += told.starting;
  sum.waiting += told.waiting;
  sum.inHand += told.inHand;
  sum.concurrency = Math.max(sum.concurrency, told.concurrency);
  sum.activeAt = Math.max(sum.activeAt, entry.activeAt);
}
