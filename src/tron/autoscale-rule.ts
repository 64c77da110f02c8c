/** How many workers the load of a bundle needs now, and why. */
import type { ScaleLimits } from '../openapi/scale.ts';
import type { QueueLoad } from './load-book.ts';

export interface Need {
  instances: number;
  /** What people read: `120 calls in hand, 90 a worker`. */
  reason: string;
}

/** A worker that runs on one CPU is busy from here on, and is planned to be so. */
const cpuBusy = 0.85;
const cpuPlanned = 0.7;
/** Calls that wait shorter than this, or than they take, do not wait long. */
const waitMsLeast = 100;

/**
 * `queued`: calls that no runner has taken yet. `cpus`: more workers than that do not make what
 * computes any faster. Not bounded by `limits` yet.
 */
export function needOf(
  limits: ScaleLimits,
  load: QueueLoad,
  { queued, cpus }: { queued: number; cpus: number },
): Need {
  const aim = limits.target * limits.proportion;
  const calls = load.inHand + queued;
  const whole = (has: number, what: string): Need => {
    return {
      instances: Math.ceil(has / aim),
      reason: `${round(has)} ${what}, ${round(aim)} a worker`,
    };
  };
  switch (limits.type) {
    case 'rps':
      return whole(load.rate, 'calls a second');
    case 'capacity':
      return whole(calls, 'calls in hand');
    case 'queue':
      return whole(load.waiting + queued, 'calls waiting');
    case 'cpu':
      return whole(load.cpu * 1000, 'thousandths of a CPU');
    case 'load':
      return [byPlaces(load, calls), byCpu(load, calls, cpus), byWait(load, queued)].reduce(
        (most, need) => (need.instances > most.instances ? need : most),
      );
  }
}

/** A tenth of the places stays free for what comes next, where a worker has more than a few. */
function byPlaces({ concurrency, rate, serviceMs, waitMs }: QueueLoad, now: number): Need {
  const usual = waitMs > waitMsLeast ? 0 : (rate * serviceMs) / 1000;
  const calls = Math.max(now, Math.floor(usual));
  const places = Math.max(1, Math.floor(concurrency * 0.9));
  return {
    instances: Math.ceil(calls / places),
    reason: `${calls} calls in hand, ${places} a worker`,
  };
}

function byCpu({ instances, cpu }: QueueLoad, calls: number, cpus: number): Need {
  const each = instances > 0 ? cpu / instances : 0;
  const reason = `workers use ${round(each * 100)} % of a CPU each`;
  // With one call each, one more worker would have none.
  if (each < cpuBusy || calls <= instances) return { instances: 0, reason };
  return { instances: Math.min(Math.max(cpus, instances), Math.ceil(cpu / cpuPlanned)), reason };
}

function byWait(
  { instances, starting, waiting, waitMs, serviceMs }: QueueLoad,
  queued: number,
): Need {
  const isLong = waitMs > Math.max(waitMsLeast, serviceMs) && waiting + queued > 0;
  const reason = `calls wait ${round(waitMs)} ms for a worker`;
  if (!isLong || starting > 0) return { instances: 0, reason };
  return { instances: instances + Math.ceil(instances / 2), reason };
}

function round(value: number): number {
  return value >= 10 ? Math.round(value) : Math.round(value * 10) / 10;
}
