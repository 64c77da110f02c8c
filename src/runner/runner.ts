/**
 * A runner takes calls from the queues of the routes it was told to serve, has the Func called,
 * checks what it returned and answers. Enabling another bundle on a served route is a swap: the
 * new one is ready before the first call goes to it, and the old one finishes what it has.
 */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { CallHandler, Consumer } from '../broker/broker.ts';
import type { ControlNode } from '../control/node.ts';
import type { Table } from '../control/table.ts';
import { FuncatronError } from '../errors.ts';
import type { Route } from '../message.ts';
import type { Assigned } from '../runtime/runtime.ts';
import { AsyncCalls } from './async-calls.ts';
import { Census } from './census.ts';
import { createControl, sendLogs } from './control.ts';
import { Deployment } from './deployment.ts';
import { Describer } from './describe.ts';
import type { Described } from './describe.ts';
import { FuncLogs } from './func-log.ts';
import { InTurn } from './in-turn.ts';
import { Kept } from './kept.ts';
import { LoadTeller } from './load.ts';
import type { RunnerLoad } from './load.ts';
import { createPoolMeter } from './meter.ts';
import { refuseMissing } from './missing.ts';
import type { EnableOptions, RunnerOptions } from './option.ts';
import { SecretFolders } from './secret-folder.ts';
import { isSameEnabling, revisionOf } from './served.ts';
import type { Served } from './served.ts';
import { Successors } from './successor.ts';
import { shareOf } from './size.ts';
import { compareTable } from './table.ts';
import type { Ahead } from './table.ts';
import { WarmWorkers } from './warm.ts';
import { within } from './within.ts';

const hopsMaxDefault = 16;

const resultBytesMaxDefault = 2 ** 20;

export class Runner {
  readonly #options: RunnerOptions;
  readonly #warm: WarmWorkers;
  readonly #kept: Kept;
  readonly #logs: FuncLogs;
  readonly #successors: Successors;
  readonly #control: ControlNode;
  readonly #async: AsyncCalls;
  readonly #describer: Describer;
  readonly #served = new Map<string, Served>();
  /** One change of a queue at a time; the newest revision wins. */
  readonly #turns = new InTurn();
  /** Every deployment that may have workers: served, being prepared, or with calls to end. */
  readonly #deployments = new Set<Deployment>();
  readonly #retiring = new Map<Deployment, Promise<void>>();
  readonly secrets: SecretFolders;
  readonly #load: LoadTeller;
  /** All that live, as the leading Tron says. */
  #runners: readonly string[] = [];
  #closed = false;

  constructor(options: RunnerOptions) {
    const { broker, socketDir, warm: count, dir, runtimes } = options;
    const { replyBytesMax, jvmMemoryBytesMax } = options;
    const log = options.log.child({ component: 'runner' });
    this.#options = { ...options, log };
    const { resultBytesMax = resultBytesMaxDefault } = options;
    this.#async = new AsyncCalls({ broker, log, resultBytesMax });
    const memory = join(dir, 'warm-kinds');
    this.#kept = new Kept(join(dir, 'kept-routes'));
    const start = { socketDir, replyBytesMax, jvmMemoryBytesMax };
    this.#warm = new WarmWorkers({ count, start, memory, log, runtimes });
    this.#describer = new Describer(this.#options);
    this.secrets = new SecretFolders(options, join(socketDir, 'secrets'), log);
    const served = () => Array.from(this.#served.values(), ({ deployment }) => deployment);
    this.#load = new LoadTeller(served, (load) => this.#control.send('load', { load }));
    this.#control = createControl({ ...options.control, carrier: broker, log }, this);
    const { contracts, hopsMax = hopsMaxDefault } = options;
    const routes = (): Route[] => this.routes;
    this.#successors = new Successors({ broker, contracts, routes, hopsMax });
    const funcLog = options.log.child({ component: 'func' });
    this.#logs = new FuncLogs(funcLog, (lines) => sendLogs(this.#control, lines));
    const census = new Census(broker, options.metrics);
    options.metrics.onCollect(() => census.take(this.#deployments, this.routes));
  }

  /** Tells the Trons that it is here; they answer with what to serve. */
  async start(): Promise<void> {
    void this.#warm.recall();
    await this.#kept.recall();
    await this.#control.start();
  }

  get routes(): Route[] {
    return [...this.#served.values()].map(({ deployment: { route }, isForeign }) =>
      isForeign ? { ...route, revision: 0 } : route,
    );
  }

  /** SHAs of all bundles that workers may have files of open. */
  get shas(): Set<string> {
    return new Set([...this.#deployments].map(({ route }) => route.sha));
  }

  get url(): string {
    return this.#options.url?.() ?? '';
  }

  /** What it has and does now. */
  get load(): RunnerLoad {
    return this.#load.load;
  }

  /** Which runners live: what is wanted of workers is shared among them. */
  setRunners(ids: readonly string[]): void {
    if (isDeepStrictEqual(ids, this.#runners)) return;
    this.#runners = ids;
    for (const { deployment } of this.#served.values()) this.#rescale(deployment, deployment.route);
  }

  /** Tells the Trons again that it is here: messages may have been lost. */
  wake(): void {
    this.#control.wake();
  }

  /** Whatever the Trons say from now on is newer than what is served. */
  forgetRevisions(): void {
    for (const served of this.#served.values()) served.isForeign = true;
  }

  /** Serves what is newer in a whole table; tells what it serves that the table does not have. */
  async setRoutes({ routes }: Table): Promise<Ahead[]> {
    const { newer, ahead } = compareTable(this.routes, routes);
    const options = { prepare: false, allowMissing: true };
    await Promise.all(newer.map((route) => this.enable(route, options)));
    return ahead;
  }

  /**
   * Serves a route. With `prepare`, a worker has loaded the bundle before this resolves; if it
   * cannot be loaded, or lacks Funcs and that is not allowed, this rejects and nothing has changed.
   */
  enable(route: Route, { prepare, allowMissing }: EnableOptions): Promise<Assigned> {
    return this.#turns.take(route.queue, async () => {
      const served = this.#served.get(route.queue);
      const revision = revisionOf(served);
      if (revision > route.revision) return { missing: [] };
      if (revision >= 0 && isDeepStrictEqual(served!.deployment.route, route))
        return prepare ? served!.deployment.prepare() : { missing: [] };
      if (revision >= 0 && isSameEnabling(served!.deployment.route, route)) {
        this.#rescale(served!.deployment, route);
        await this.#kept.note(route, served!.deployment.keeps);
        return { missing: [] };
      }
      const deployment = this.#deploy(route);
      const warm = prepare || (served?.deployment.pool?.counts.ready ?? 0) > 0;
      try {
        const assigned = warm ? await deployment.prepare() : { missing: [] };
        if (!allowMissing) refuseMissing(assigned);
        if (this.#closed) throw new FuncatronError('runner_lost', 'the runner is shutting down');
        await this.#swap(route.queue, deployment);
        this.#load.look();
        if (warm) await this.#kept.note(route, deployment.keeps);
        else if (this.#kept.has(route) || route.replicas)
          void deployment.prepare().catch(() => undefined);
        return assigned;
      } catch (thrown) {
        this.#kill(deployment);
        throw thrown;
      }
    });
  }

  /** Loads a bundle in a worker of its own and says what its code lacks; serves nothing. */
  async check(route: Route): Promise<Assigned> {
    const deployment = this.#deploy(route);
    try {
      return await deployment.prepare();
    } finally {
      await this.#retire(deployment);
    }
  }

  /** The contract that the code of a JAR gives; serves nothing. */
  describe(sha: string): Promise<Described> {
    return this.#describer.describe(sha);
  }

  /** Stops serving a queue, unless something newer is enabled there; calls in hand may end. */
  disable(queue: string, revision: number): Promise<void> {
    return this.#turns.take(queue, async () => {
      const served = this.#served.get(queue);
      if (!served || revisionOf(served) > revision) return;
      this.#served.delete(queue);
      void this.#retire(served.deployment, served.consumer);
    });
  }

  /** Ends asynchronous calls that are in hand, and begins those not when they come. */
  cancel(ids: readonly string[]): void {
    this.#async.cancel(ids);
  }

  /** Takes no more calls, lets those in hand end up to `drainMs`, ends every worker. */
  async close(drainMs = this.#options.drainMs): Promise<void> {
    this.#closed = true;
    this.#load.close();
    await this.#control.close();
    await this.#describer.close();
    for (const { deployment, consumer } of this.#served.values())
      void this.#retire(deployment, consumer);
    this.#served.clear();
    // What is still being prepared will serve nobody.
    for (const deployment of this.#deployments)
      if (!this.#retiring.has(deployment)) this.#kill(deployment);
    await within(drainMs, Promise.all(this.#retiring.values()));
    for (const deployment of this.#deployments) this.#kill(deployment);
    await this.#warm.close();
    this.#logs.flush();
  }

  /** Lets calls in hand end, in their own time, then ends the workers. */
  #retire(deployment: Deployment, consumer?: Consumer): Promise<void> {
    const retire = async (): Promise<void> => {
      await consumer?.stop();
      await deployment.retire();
      this.#deployments.delete(deployment);
      this.#retiring.delete(deployment);
    };
    const retired = retire().catch((err: unknown) => {
      this.#options.log.error({ err, bundle: deployment.route.name }, 'a bundle did not end well');
      this.#kill(deployment);
    });
    this.#retiring.set(deployment, retired);
    return retired;
  }

  #kill(deployment: Deployment): void {
    deployment.kill();
    this.#deployments.delete(deployment);
  }

  #deploy(route: Route): Deployment {
    const { contracts, bundles, dir, stacks, responseMode, log, metrics } = this.#options;
    const deployment = new Deployment(route, {
      contracts,
      bundles,
      warm: this.#warm,
      successors: this.#successors,
      secrets: this.secrets,
      share: this.#shareOf(route),
      dir,
      stacks,
      responseMode,
      log,
      meter: createPoolMeter(metrics, route.name),
      onFuncLog: (where, name, line) => this.#logs.add(where, name, line),
    });
    this.#deployments.add(deployment);
    return deployment;
  }

  #shareOf({ queue }: Route) {
    return shareOf(queue, this.#control.id, this.#runners);
  }

  #rescale(deployment: Deployment, route: Route): void {
    deployment.rescale(route, this.#shareOf(route));
  }

  /** The handler looks its deployment up per call, so a swap is one assignment. */
  async #swap(queue: string, deployment: Deployment): Promise<void> {
    const served = this.#served.get(queue);
    if (served) {
      const old = served.deployment;
      served.deployment = deployment;
      served.isForeign = false;
      return void this.#retire(old);
    }
    const { broker, prefetch } = this.#options;
    const entry = { deployment } as Served;
    const handle: CallHandler = (call) => {
      const { deployment } = entry;
      if (!call.head.async) return deployment.handle(call);
      return this.#async.handle(call, deployment.route, (one) => deployment.handle(one));
    };
    entry.consumer = await broker.consume(queue, handle, { prefetch });
    this.#served.set(queue, entry);
  }
}
