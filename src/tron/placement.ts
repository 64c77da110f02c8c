/**
 * Enabling, disabling and rolling back. Order matters: runners have the bundle ready before it is
 * made durable, it is durable before frontends send calls to it, and only then is the answer sent.
 */
import { queueName } from '../bundle/queue-name.ts';
import { splitTable } from '../control/table.ts';
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';
import { enablingOf } from '../message.ts';
import { allSecrets, blot, blotFault } from '../secret.ts';
import type { BundleRecord, Change, EnabledRoute, Store } from '../store/store.ts';
import { triggersOf } from '../openapi/trigger.ts';
import type { Bundles } from './bundles.ts';
import type { Vault } from './gateway/secret-vault.ts';
import { refusal } from './enable-refusal.ts';
import type { Ack, Nodes } from './nodes.ts';
import type { TronOptions } from './option.ts';
import { readBasePath, readHost, showPlace } from './place.ts';
import type { Place } from './place.ts';
import type { Hold, LeasedTurns } from './leased-turn.ts';
import { bareRoute } from './route-table.ts';
import type { RouteTable } from './route-table.ts';
import { checkSecurity } from './security-check.ts';

export interface EnableRequest {
  bundle: BundleRecord;
  props: Record<string, unknown>;
  overlay?: unknown;
  /** Instead of what the contract says; null for any host. */
  host?: string | null;
  basePath?: string;
  /** Rejects when it must not take the place of what is there, now that it is its turn. */
  judge?(before: EnabledRoute | undefined): Promise<void>;
}

/** How many workers a route should have; see `Route.replicas` and `EnabledRoute.asked`. */
export type Wanted = Pick<EnabledRoute, 'replicas' | 'asked'>;

export interface Placed {
  route: EnabledRoute;
  /** What the caller should know though all went well enough. */
  warnings: string[];
}

interface Parts {
  store: Store;
  bundles: Bundles;
  table: RouteTable;
  nodes: Nodes;
  turns: LeasedTurns;
  vault: Vault;
  options: TronOptions;
  log: Log;
}

export class Placement {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Enables a bundle in place of whatever is enabled there. Rejects with `overlay_invalid`,
   * `props_invalid`, `enable_failed`, `handlers_missing` or `store_failed`; nothing has changed then.
   */
  async enable(request: EnableRequest): Promise<Placed> {
    const { bundle, props, overlay } = request;
    const contract = await this.#parts.bundles.contract(bundle, overlay);
    const host = request.host === undefined ? contract.host : readHost(request.host);
    const basePath =
      request.basePath === undefined ? contract.basePath : readBasePath(request.basePath);
    const queue = queueName(host, basePath);
    const triggers = triggersOf(contract);
    const warnings = await checkSecurity(contract, props).catch((thrown: unknown) => {
      throw blotFault(thrown, allSecrets(props));
    });
    await this.#parts.vault.assertKnownOf(contract.settings);
    return this.#parts.turns.take(queue, async (hold) => {
      const before = await this.#parts.table.find(host, basePath);
      await request.judge?.(before);
      const revision = await this.#parts.table.nextRevision();
      const route: EnabledRoute = {
        host,
        basePath,
        queue,
        name: contract.name,
        sha: bundle.sha,
        revision,
        props,
        ...(overlay !== undefined && { overlay }),
        ...(triggers && { triggers }),
        ...wantedOf(before),
        enabledAt: Date.now(),
      };
      const changes = await this.#remember(before, route);
      const placed = await this.#place(route, before, changes, hold);
      return { route, warnings: [...warnings, ...placed.warnings] };
    });
  }

  /**
   * Goes back to what was enabled at a place before. Rejects with `nothing_to_roll_back`, or
   * `route_unknown` when nothing ever was.
   */
  async rollback({ host, basePath }: Place): Promise<Placed> {
    const { table, store } = this.#parts;
    return this.#parts.turns.take(queueName(host, basePath), async (hold) => {
      const now = await table.find(host, basePath);
      const [past] = await store.past(host, basePath);
      const where = showPlace({ host, basePath });
      if (!past && !now)
        throw new FuncatronError('route_unknown', `nothing is enabled at ${where}, nor ever was`);
      if (!past)
        throw new FuncatronError('nothing_to_roll_back', `nothing was enabled at ${where} before`);
      const revision = await table.nextRevision();
      const { enabledIn: _enabledIn, asked: _asked, replicas: _replicas, ...rest } = past;
      const route = { ...rest, ...wantedOf(now), revision, enabledAt: Date.now() };
      return this.#place(route, now, [{ delete: 'past', revision: past.revision }], hold);
    });
  }

  /** Disables a bundle everywhere, or at one place. Tells where it was. */
  async disable(sha: string, place?: Partial<Place>): Promise<Place[]> {
    const { routes } = await this.#parts.table.read();
    const wanted = routes.filter(
      (route) =>
        route.sha === sha &&
        (place?.host === undefined || route.host === place.host) &&
        (place?.basePath === undefined || route.basePath === place.basePath),
    );
    const disabled: Place[] = [];
    for (const route of wanted) {
      const remove = (hold: Hold): Promise<boolean> => this.#remove(route, hold);
      if (await this.#parts.turns.take(route.queue, remove)) disabled.push(route);
    }
    return disabled;
  }

  /**
   * Has another number of workers wanted of a place, as `decide` says of what is so now; nothing is
   * swapped. Rejects with `route_unknown`.
   */
  async scale(
    { host, basePath }: Place,
    decide: (now: EnabledRoute) => Wanted,
  ): Promise<EnabledRoute> {
    const { table, nodes } = this.#parts;
    return this.#parts.turns.take(queueName(host, basePath), async (hold) => {
      const now = await table.find(host, basePath);
      const where = showPlace({ host, basePath });
      if (!now) throw new FuncatronError('route_unknown', `nothing is enabled at ${where}`);
      const { replicas, asked, ...rest } = now;
      const wanted = decide(now);
      if (wanted.replicas === replicas && wanted.asked === asked) return now;
      const revision = await table.nextRevision();
      const route = { ...rest, ...wanted, revision, enabledIn: enablingOf(now) };
      hold.assert();
      await table.commit([{ put: 'route', route }]);
      await nodes.tell('enable', { route: bareRoute(route), prepare: false });
      return route;
    });
  }

  async #place(
    route: EnabledRoute,
    before: EnabledRoute | undefined,
    changes: Change[],
    hold: Hold,
  ): Promise<Placed> {
    const { nodes, options, table, log } = this.#parts;
    const { enableTimeoutMs, allowMissing } = options;
    const order = { route: bareRoute(route), prepare: true, allowMissing };
    const acks = await nodes.ask('runner', 'enable', [order], enableTimeoutMs);
    const refused = acks.filter(({ ok }) => !ok);
    if (acks.length > 0 && refused.length === acks.length) {
      await this.#undo(
        route,
        before,
        refused.filter(({ silent }) => silent),
      );
      throw refusal(refused, route.props);
    }
    try {
      hold.assert();
      await table.commit([...changes, { put: 'route', route }]);
    } catch (thrown) {
      // Asked now: the bundle may have been deleted, and may be back when all is undone.
      const known = this.#parts.bundles.get(route.sha);
      const why = await known.then(
        () => thrown,
        (gone: unknown) => gone,
      );
      await this.#undo(
        route,
        before,
        acks.filter(({ ok, silent }) => ok || silent),
      );
      throw why;
    }
    const said = [...describe(acks, refused), ...(await this.tellFrontends())];
    const secrets = allSecrets(route.props);
    const warnings = said.map((warning) => blot(warning, secrets));
    const { name: bundle, sha, revision } = route;
    log.info({ bundle, sha, revision, place: showPlace(route), warnings }, 'enabled');
    return { route, warnings };
  }

  /** Sends the table to all frontends; tells what they said that is not good. */
  async tellFrontends(): Promise<string[]> {
    const { table, nodes, options } = this.#parts;
    const { routes, revision } = await table.read();
    const parts = splitTable({ routes: routes.map(bareRoute), revision });
    const acks = await nodes.ask('frontend', 'route', parts, options.routeTimeoutMs);
    return acks.filter(({ ok }) => !ok).map(({ error }) => error?.detail ?? 'a frontend refused');
  }

  async #remove(route: EnabledRoute, hold: Hold): Promise<boolean> {
    const { table, nodes, log } = this.#parts;
    const { host, basePath, queue, sha, name } = route;
    const now = await table.find(host, basePath);
    if (now?.sha !== sha) return false;
    const remembered = await this.#remember(now, undefined);
    hold.assert();
    const revision = await table.commit([...remembered, { delete: 'route', host, basePath }]);
    // Frontends first: then nothing comes any more when runners stop.
    await this.tellFrontends();
    await nodes.tell('disable', { host, basePath, queue, sha, revision });
    log.info({ bundle: name, sha, revision, place: showPlace(route) }, 'disabled');
    return true;
  }

  /** The changes that keep what is replaced, for rollback. */
  async #remember(before?: EnabledRoute, next?: EnabledRoute): Promise<Change[]> {
    if (!before || (next && isSame(before, next))) return [];
    const past = await this.#parts.store.past(before.host, before.basePath);
    const old = past.slice(Math.max(0, this.#parts.options.pastMax - 1));
    const drop = old.map(({ revision }): Change => ({ delete: 'past', revision }));
    return [...drop, { put: 'past', route: before }];
  }

  /**
   * Has runners go back that did, or may have done, what did not come to be; waits for those that
   * answer, so that whoever is refused finds what was there.
   */
  async #undo(route: EnabledRoute, before: EnabledRoute | undefined, by: Ack[]): Promise<void> {
    const { nodes, options } = this.#parts;
    const { host, basePath, queue, sha, revision } = route;
    const [action, order] = before
      ? (['enable', { route: { ...bareRoute(before), revision }, prepare: false }] as const)
      : (['disable', { host, basePath, queue, sha, revision }] as const);
    const live = new Map(nodes.live('runner').map((node) => [node.id, node]));
    const goBack = by.map(async ({ node: id, silent }) => {
      const node = silent ? undefined : live.get(id);
      if (node) await nodes.askOne(node, action, [order], options.enableTimeoutMs);
      else await nodes.tell(action, order, id);
    });
    await Promise.all(goBack);
  }
}

/** What is enabled in place of something has as many workers as that: it has its calls. */
function wantedOf(before: EnabledRoute | undefined): Wanted {
  const { replicas, asked } = before ?? {};
  return { ...(replicas !== undefined && { replicas }), ...(asked !== undefined && { asked }) };
}

function isSame(a: EnabledRoute, b: EnabledRoute): boolean {
  const what = ({ sha, props, overlay }: EnabledRoute) => JSON.stringify([sha, props, overlay]);
  return what(a) === what(b);
}

function describe(acks: Ack[], refused: Ack[]): string[] {
  if (acks.length === 0) return ['no runner is alive; calls wait until one comes'];
  const missing = acks.flatMap((ack) =>
    ack.missing.map(({ operationId, mend }) => `Func ${operationId} is missing: ${mend}`),
  );
  const refusals = refused.map(({ node, error }) => `runner ${node}: ${error?.detail ?? 'no'}`);
  return [...refusals, ...new Set(missing)];
}
