/** Workers, calls in hand and queues, counted whenever somebody looks at the metrics. */
import type { Broker } from '../broker/broker.ts';
import type { Route } from '../message.ts';
import type { Metrics } from '../metrics.ts';
import { createPoolMeter } from './meter.ts';
import type { Deployment } from './deployment.ts';

interface Sum {
  workers: number;
  inHand: number;
  queues: string[];
}

export class Census {
  readonly #broker: Broker;
  readonly #metrics: Metrics;
  /** Names of bundles that were counted: what is gone counts as nothing. */
  readonly #counted = new Set<string>();

  constructor(broker: Broker, metrics: Metrics) {
    this.#broker = broker;
    this.#metrics = metrics;
  }

  /** By name: a bundle may be enabled at several places, and an old version has workers yet. */
  take(deployments: Iterable<Deployment>, routes: readonly Route[]): void {
    const sums = new Map<string, Sum>();
    for (const name of this.#counted) sums.set(name, { workers: 0, inHand: 0, queues: [] });
    for (const { route, pool } of deployments) {
      const sum = sums.get(route.name) ?? { workers: 0, inHand: 0, queues: [] };
      sum.workers += pool?.counts.ready ?? 0;
      sum.inHand += pool?.counts.inHand ?? 0;
      sums.set(route.name, sum);
    }
    for (const { name, queue } of routes) sums.get(name)!.queues.push(queue);
    for (const [name, sum] of sums) this.#set(name, sum);
  }

  #set(name: string, { workers, inHand, queues }: Sum): void {
    this.#counted.add(name);
    const meter = createPoolMeter(this.#metrics, name);
    meter.workers.set(workers);
    meter.inHand.set(inHand);
    const depths = Promise.all(queues.map((queue) => this.#broker.depth(queue)));
    // Over a server that cannot be reached now, the last known number stays.
    depths.then(
      (all) => meter.queueDepth.set(all.reduce((total, { waiting }) => total + waiting, 0)),
      () => undefined,
    );
  }
}
