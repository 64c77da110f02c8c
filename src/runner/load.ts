/**
 * What a runner tells the Trons of its load: with every heartbeat, and every two seconds while calls
 * come. Counts go on from when a bundle was enabled, so that a message may be lost.
 */
import { availableParallelism } from 'node:os';
import type { Deployment, Load } from './deployment.ts';

const everyMs = 2_000;
/** Queues one message tells of, the busiest first. */
const queuesMax = 1_000;

export interface QueueLoad extends Load {
  /** CPU time that its workers, as they are now, have had. */
  cpuMs: number;
}

export interface RunnerLoad {
  /** CPUs of the machine. */
  cpus: number;
  queues: QueueLoad[];
}

export class LoadTeller {
  readonly #deployments: () => Iterable<Deployment>;
  readonly #tell: (load: RunnerLoad) => void;
  readonly #timer: NodeJS.Timeout;
  /** What was told last, but for what grows by itself. */
  #told = '';

  constructor(deployments: () => Iterable<Deployment>, tell: (load: RunnerLoad) => void) {
    this.#deployments = deployments;
    this.#tell = tell;
    this.#timer = setInterval(() => this.look(), everyMs).unref();
  }

  /** What there is now. */
  get load(): RunnerLoad {
    const queues: QueueLoad[] = [];
    for (const { load, pool } of this.#deployments()) {
      if (!load || (load.calls === 0 && load.inHand === 0 && load.instances === 0)) continue;
      const cpuMs = pool?.workers.reduce((sum, worker) => sum + worker.cpuMs(), 0) ?? 0;
      queues.push({ ...load, ...rounded(load), cpuMs });
    }
    queues.sort((a, b) => b.inHand - a.inHand || b.instances - a.instances);
    return { cpus: availableParallelism(), queues: queues.slice(0, queuesMax) };
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Tells now, if there is something new. */
  look(): void {
    let state = '';
    for (const { load } of this.#deployments())
      if (load) state += ` ${load.queue} ${load.calls} ${load.inHand} ${load.instances}`;
    if (state === this.#told) return;
    this.#told = state;
    this.#tell(this.load);
  }
}

function rounded({ waitMs, serviceMs }: Load) {
  return { waitMs: Math.round(waitMs), serviceMs: Math.round(serviceMs) };
}
