/**
 * Scales what is enabled by its load: up within seconds, down when less was wanted for a while, to
 * zero where that is allowed. Only the leading Tron does.
 *
 * Pools of runners start workers for calls that wait, at once and without asking, and end those that
 * were idle for long: one worker comes and goes without a Tron. What is decided here is how many stay
 * of more than one, where calls do not wait and yet more workers would serve them sooner, and how
 * they are spread over the runners. What somebody asked for is the least there is.
 */
import type { Log } from '../log.ts';
import { enablingOf } from '../message.ts';
import type { ScaleLimits } from '../openapi/scale.ts';
import type { EnabledRoute } from '../store/store.ts';
import { showDuration } from '../unit.ts';
import { needOf } from './autoscale-rule.ts';
import type { Need } from './autoscale-rule.ts';
import type { LoadBook } from './load-book.ts';
import type { Wanted } from './placement.ts';
import type { RouteTable } from './route-table.ts';

export interface AutoscalerParts {
  table: Pick<RouteTable, 'read'>;
  loads: LoadBook;
  /** Puts into effect what was decided. */
  scale(route: EnabledRoute, decide: (now: EnabledRoute) => Wanted, why: string): Promise<void>;
  limitsOf(route: EnabledRoute): Promise<ScaleLimits>;
  /** Calls of a queue that no runner has taken. */
  queued(queue: string): Promise<number>;
  leads(): boolean;
  /** Runners that live. */
  runners(): number;
  log: Log;
}

const everyMs = 2_000;

interface Watch {
  enabling: number;
  limits: ScaleLimits;
  /** What was needed in the time that counts, each with when. */
  needs: { at: number; instances: number }[];
  last: number;
}

export class Autoscaler {
  readonly #parts: AutoscalerParts;
  readonly #watches = new Map<string, Watch>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(parts: AutoscalerParts) {
    this.#parts = parts;
  }

  start(): void {
    const look = (): void => {
      this.#looking ??= this.look(Date.now())
        .catch((err: unknown) => this.#parts.log.warn({ err }, 'the load could not be looked at'))
        .finally(() => (this.#looking = undefined));
    };
    this.#timer = setInterval(look, everyMs).unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Somebody asked for a number: what was needed before counts no more. */
  forget(queue: string): void {
    this.#watches.delete(queue);
  }

  /** One look at all that is enabled. */
  async look(now: number): Promise<void> {
    const { leads, runners, table, log } = this.#parts;
    if (!leads() || runners() === 0) return this.#watches.clear();
    const { routes } = await table.read();
    const queues = new Set(routes.map(({ queue }) => queue));
    for (const queue of this.#watches.keys()) if (!queues.has(queue)) this.#watches.delete(queue);
    for (const route of routes)
      await this.#judge(route, now).catch((err: unknown) => {
        log.warn({ err, bundle: route.name }, 'a bundle could not be scaled');
      });
  }

  async #judge(route: EnabledRoute, now: number): Promise<void> {
    const { loads, queued: ask } = this.#parts;
    const load = loads.of(route.queue, now);
    const isKnown = this.#watches.has(route.queue) || route.replicas !== undefined;
    // What nobody calls costs nothing here, either.
    if (!isKnown && load.inHand === 0 && load.activeAt === 0) return;
    const watch = await this.#watch(route, now);
    const { limits } = watch;
    const queued = load.inHand > 0 ? await ask(route.queue) : 0;
    const isActive = load.inHand > 0 || queued > 0 || now - load.activeAt < 2 * everyMs;
    const need: Need = isActive
      ? needOf(limits, load, { queued, cpus: loads.cpus })
      : { instances: 0, reason: 'nobody calls' };
    const raised = { ...need, instances: isActive ? Math.max(limits.awake, need.instances) : 0 };
    const held = hold(watch, raised.instances, now);
    const idleMs = load.activeAt > 0 ? now - load.activeAt : 0;
    const why = reasonOf(raised, held, limits, idleMs);
    const most = limits.perRunner ? limits.max * this.#parts.runners() : limits.max;
    const decide = (at: EnabledRoute): Wanted =>
      wantedOf(at, { limits, held: Math.min(held, most), isActive, idleMs });
    const { replicas, asked } = decide(route);
    if (replicas === route.replicas && asked === route.asked) {
      if (replicas === undefined && !isActive && held === 0) this.#watches.delete(route.queue);
      return;
    }
    await this.#parts.scale(route, decide, why);
  }

  async #watch(route: EnabledRoute, now: number): Promise<Watch> {
    const known = this.#watches.get(route.queue);
    const enabling = enablingOf(route);
    if (known?.enabling === enabling) return known;
    const limits = await this.#parts.limitsOf(route);
    // What the load wanted before had its reasons: they hold for a while.
    const { replicas = 0, asked = 0 } = route;
    const instances = Math.max(replicas > asked ? replicas : 0, known?.last ?? 0);
    const watch = { enabling, limits, needs: [{ at: now, instances }], last: 0 };
    this.#watches.set(route.queue, watch);
    return watch;
  }
}

/** The most that was needed lately; a need that shows only once is none yet. */
function hold(watch: Watch, instances: number, now: number): number {
  const sure = Math.min(instances, watch.last);
  watch.last = instances;
  const since = now - watch.limits.windowMs;
  watch.needs = watch.needs.filter(({ at, instances: was }) => at > since && was > sure);
  watch.needs.push({ at: now, instances: sure });
  return Math.max(...watch.needs.map((need) => need.instances));
}

interface Judged {
  limits: ScaleLimits;
  held: number;
  isActive: boolean;
  idleMs: number;
}

/** What is to be wanted of a route. One worker, or those always kept, need not be asked for. */
export function wantedOf(route: EnabledRoute, { limits, held, isActive, idleMs }: Judged): Wanted {
  let { asked } = route;
  // Zero is over with the next call; and more is, where it may go to zero by itself.
  if (asked === 0 && isActive) asked = undefined;
  if (asked !== undefined && limits.zero && !isActive && idleMs > limits.idleMs) asked = undefined;
  const isUsual = held <= Math.max(1, limits.min);
  const replicas = isUsual ? asked : Math.max(asked ?? 0, held);
  return { ...(asked !== undefined && { asked }), ...(replicas !== undefined && { replicas }) };
}

function reasonOf(need: Need, held: number, limits: ScaleLimits, idleMs: number): string {
  const { windowMs, zero } = limits;
  if (zero && idleMs > limits.idleMs) return `nobody called for ${showDuration(limits.idleMs)}`;
  if (need.instances >= held) return need.reason;
  return `${need.reason}; more was needed within ${showDuration(windowMs)}`;
}
