/** How many workers there are of what is enabled, how many are wanted, by whom and why. */
import type { Broker } from '../broker/broker.ts';
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';
import { contractId } from '../openapi/load.ts';
import { scaleLimits } from '../openapi/scale.ts';
import type { ScaleLimits } from '../openapi/scale.ts';
import type { EnabledRoute } from '../store/store.ts';
import { Autoscaler } from './autoscaler.ts';
import type { Bundles } from './bundles.ts';
import type { LoadBook } from './load-book.ts';
import type { Nodes } from './nodes.ts';
import { showPlace } from './place.ts';
import type { Placement, Wanted } from './placement.ts';
import type { RouteTable } from './route-table.ts';

interface ScalingParts {
  broker: Pick<Broker, 'depth'>;
  bundles: Bundles;
  placement: Placement;
  table: RouteTable;
  nodes: Nodes;
  loads: LoadBook;
  leads(): boolean;
  /** Scale by load (`--autoscale`). */
  auto: boolean;
  log: Log;
}

/** A change of what is wanted, and why it was made. */
export interface Decision {
  /** Milliseconds since 1970. */
  at: number;
  /** Absent: as calls need. */
  replicas?: number;
  reason: string;
}

export interface ScaleView {
  /** Workers wanted over all runners; absent: as calls need. */
  replicas?: number;
  /** Workers that are ready now. */
  instances: number;
  /** The last one since this Tron started. */
  decision?: Decision;
}

/** Limits remembered, at most. */
const limitsMax = 2_000;

export class Scaling {
  readonly #parts: ScalingParts;
  readonly #autoscaler: Autoscaler | undefined;
  readonly #limits = new Map<string, Promise<ScaleLimits>>();
  readonly #decisions = new Map<string, Decision>();

  constructor(parts: ScalingParts) {
    this.#parts = parts;
    const { broker, table, loads, leads, log } = parts;
    const runners = (): number => this.#runners;
    const queued = async (queue: string): Promise<number> =>
      (await broker.depth(queue).catch(() => undefined))?.waiting ?? 0;
    const limitsOf = (route: EnabledRoute): Promise<ScaleLimits> => this.limitsOf(route);
    const scale = async (...change: Parameters<Scaling['scale']>): Promise<void> => {
      await this.scale(...change);
    };
    if (parts.auto)
      this.#autoscaler = new Autoscaler({
        ...{ table, loads, leads, log, runners, queued, limitsOf, scale },
      });
  }

  get #runners(): number {
    return this.#parts.nodes.live('runner').length;
  }

  start(): void {
    this.#autoscaler?.start();
  }

  async close(): Promise<void> {
    await this.#autoscaler?.close();
  }

  viewOf({ queue, replicas }: EnabledRoute): ScaleView {
    const { instances } = this.#parts.loads.of(queue);
    const decision = this.#decisions.get(queue);
    const wanted = replicas !== undefined && { replicas };
    return { ...wanted, instances, ...(decision && { decision }) };
  }

  /** The limits of what is enabled on a route. Rejects when its bundle cannot be read. */
  limitsOf(route: EnabledRoute): Promise<ScaleLimits> {
    const id = contractId(route.sha, route.overlay);
    let limits = this.#limits.get(id);
    if (limits) return limits;
    limits = this.#parts.bundles
      .contract(route, route.overlay)
      .then(({ settings }) => scaleLimits(settings));
    limits.catch(() => this.#limits.delete(id));
    if (this.#limits.size >= limitsMax) this.#limits.clear();
    this.#limits.set(id, limits);
    return limits;
  }

  /**
   * Has so many workers wanted until somebody asks for another number; undefined: as the load needs.
   * Rejects with `scale_invalid` beyond what it may have, unless `clamps`.
   */
  async ask(
    route: EnabledRoute,
    replicas: number | undefined,
    { clamps = false, why = 'asked for' } = {},
  ): Promise<EnabledRoute> {
    const { max, min, perRunner } = await this.limitsOf(route);
    const most = perRunner ? max * Math.max(1, this.#runners) : max;
    if (replicas !== undefined && replicas > most && !clamps) throw tooMany(route, most, perRunner);
    const least = perRunner ? 0 : min;
    const bounded = replicas && Math.min(most, Math.max(least, replicas));
    const wanted: Wanted = bounded === undefined ? {} : { replicas: bounded, asked: bounded };
    const asked = await this.scale(route, () => wanted, why);
    this.#autoscaler?.forget(asked.queue);
    return asked;
  }

  /** Puts a decision into effect, and remembers why. */
  async scale(
    route: EnabledRoute,
    decide: (now: EnabledRoute) => Wanted,
    why: string,
  ): Promise<EnabledRoute> {
    const before = route.replicas;
    const scaled = await this.#parts.placement.scale(route, decide);
    const { queue, name: bundle, replicas } = scaled;
    if (scaled.revision === route.revision) return scaled;
    const decision = { at: Date.now(), ...(replicas !== undefined && { replicas }), reason: why };
    this.#decisions.set(queue, decision);
    const place = showPlace(scaled);
    const fields = { bundle, place, from: before ?? 'as needed', to: replicas ?? 'as needed', why };
    this.#parts.log.info(fields, 'scaled');
    return scaled;
  }
}

function tooMany(route: EnabledRoute, most: number, perRunner: boolean): FuncatronError {
  const setting = perRunner
    ? 'x-funcatron.instances.max for each runner that lives'
    : 'label com.openfaas.scale.max';
  const detail = `${route.name} at ${showPlace(route)} may have ${most} workers at most (${setting})`;
  return new FuncatronError('scale_invalid', detail);
}
