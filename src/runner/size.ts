/**
 * How many workers a pool keeps and may have. Calls that wait start workers up to the most there may
 * be, and ask nobody; how many stay without calls is what the contract says, or what is wanted of
 * the route, shared among the runners.
 */
import type { ScaleLimits } from '../openapi/scale.ts';

export interface Instances {
  min: number;
  max: number;
  idleMs: number;
}

/** Which one a runner is of all that live. */
export interface Share {
  rank: number;
  count: number;
}

/** A runner's part of the limits; `replicas`: what is wanted over all runners. */
export function instancesOf(
  limits: ScaleLimits,
  replicas: number | undefined,
  share: Share,
): Instances {
  const { min, max, perRunner, idleMs } = limits;
  const own = perRunner ? min : partOf(min, share);
  const asked = replicas === undefined ? own : partOf(replicas, share);
  const least = perRunner && replicas !== 0 ? Math.max(own, asked) : asked;
  const most = perRunner ? max : Math.ceil(max / share.count);
  return { min: least, max: Math.max(1, least, most), idleMs };
}

/** The parts of all runners add up to the whole. */
function partOf(whole: number, { rank, count }: Share): number {
  return Math.floor(whole / count) + (rank < whole % count ? 1 : 0);
}

export class PoolSize {
  #instances: Instances;
  /** Fewer are wanted: what is beyond goes as soon as it has no call, not when it was idle. */
  #shrinkTo = Infinity;

  constructor(instances: Instances) {
    this.#instances = instances;
  }

  get min(): number {
    return this.#instances.min;
  }

  set(instances: Instances, shrinkTo = Infinity): void {
    this.#instances = instances;
    this.#shrinkTo = shrinkTo;
  }

  /** Workers there should be now. A pool that is closed starts some only for calls it has. */
  wanted(waiting: number, isClosed: boolean): number {
    const { min, max } = this.#instances;
    if (waiting === 0) return isClosed ? 0 : min;
    this.#shrinkTo = Infinity;
    return Math.max(1, max);
  }

  /** Whether one worker that was idle for so long is too many. */
  isSurplus(staying: number, idleMs: number): boolean {
    if (staying > this.#shrinkTo) return true;
    this.#shrinkTo = Infinity;
    return staying > this.min && idleMs > this.#instances.idleMs;
  }
}

/** The runner's place among those that live; another one for each queue, so that one has not all. */
export function shareOf(queue: string, id: string, runners: readonly string[]): Share {
  const count = runners.length;
  const at = runners.indexOf(id);
  if (at < 0) return { rank: 0, count: 1 };
  let shift = 0;
  for (let index = 0; index < queue.length; index++) shift += queue.charCodeAt(index);
  return { rank: (at + shift) % count, count };
}
