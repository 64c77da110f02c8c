/**
 * A frontend's or runner's side of the control messages. It says that it is there (`awake`, then
 * `heartbeat`), takes the whole route table and single orders, and answers each with an `ack`.
 *
 * What it knows it keeps on disk: it starts from that when no Tron says something newer, and goes
 * on with it while there is none. Nothing rests on a message having arrived: a heartbeat carries a
 * digest of what is served, and the leading Tron sends the table when that is not its own.
 */
import { randomUUID } from 'node:crypto';
import { FuncatronError, toFault } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ControlMessage, Route, StatsDServer } from '../message.ts';
import { Allegiance } from './allegiance.ts';
import { KeptTable } from './kept-table.ts';
import { ControlLine, versions } from './line.ts';
import type { Carrier, Fields } from './line.ts';
import { digestOf, TableInbox } from './table.ts';
import type { Table } from './table.ts';
import type { TronInfo } from './tron-list.ts';

export const heartbeatMs = 10_000;
/** After the broker did not take a heartbeat, the next one comes so soon. */
const retryMs = 1_000;
/** So long the Trons have the first word at a start. */
const tronWaitMs = 500;
/** Work that lasts longer is announced: whoever waits then knows that somebody is at it. */
const takenAfterMs = 1_000;
/** Routes a heartbeat lists, at most: people look at them, the Tron compares the digest. */
const listedMax = 500;

/** What becomes of an order: fields of the `ack`. */
type Outcome = Promise<Fields | void>;

export interface NodeOptions {
  type: 'frontend' | 'runner';
  carrier: Carrier;
  log: Log;
  /** The file the routes are kept in; without one they are not. */
  file?: string;
  /** What is served now. */
  routes(): readonly Route[];
  /** What else it says of itself. */
  about(): Fields;
  setRoutes(table: Table): Outcome;
  /** Orders beside the route table. */
  orders: Record<string, (message: ControlMessage) => Outcome>;
  /** Revisions begin anew: the Trons have another store. */
  forgetRevisions(): void;
  /** What is served may be another thing now. */
  onRoutes?(): void;
  onTron?(info: TronInfo): void;
  onTronGone?(id: string): void;
  /** Which runners live, as the leading Tron says. */
  onRunners?(ids: readonly string[]): void;
  onStatsD?(server: StatsDServer | undefined): void;
}

const prefixes = { frontend: 'FRNT', runner: 'RU-' } as const;

export class ControlNode {
  readonly id: string;
  readonly #options: NodeOptions;
  readonly #line: ControlLine;
  readonly #inbox = new TableInbox();
  readonly #kept: KeptTable | undefined;
  readonly #allegiance: Allegiance;
  #revision = -1;
  #isHeard = false;
  #timer: NodeJS.Timeout | undefined;
  #fallback: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: NodeOptions) {
    const { type, carrier, log, file } = options;
    this.id = `${prefixes[type]}${randomUUID()}`;
    this.#options = options;
    this.#line = new ControlLine({ id: this.id, carrier, topic: 'for_tron', log });
    this.#kept = file === undefined ? undefined : new KeptTable(file, log);
    this.#allegiance = new Allegiance(log, () => {
      this.#revision = -1;
      options.forgetRevisions();
    });
  }

  /** Listens, and tells the Trons that it is here: they answer with the table. */
  async start(): Promise<void> {
    const kept = await this.#kept?.read();
    if (kept) this.#allegiance.recall(kept.store);
    await this.#line.listen('control', (message) => this.#hear(message));
    await this.#beat();
    if (!kept) return;
    const fallBack = (): void => void this.#recall(kept.store, kept);
    this.#fallback = setTimeout(fallBack, tronWaitMs).unref();
  }

  /** Says again that it is here, with nothing known for sure: messages may have been missed. */
  wake(): void {
    this.#isHeard = false;
    void this.#beat();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#fallback);
    await this.#line.close();
    await this.#line.send('died', { type: this.#options.type }).catch(() => undefined);
    await this.#kept?.close();
  }

  send(action: string, fields: Fields): void {
    void this.deliver(action, fields);
  }

  /** Resolves when the broker has it, or will not take it. */
  async deliver(action: string, fields: Fields): Promise<void> {
    await this.#line.send(action, fields).catch(() => undefined);
  }

  /** `awake` until the broker has taken it, then `heartbeat`, and so for ever. */
  async #beat(): Promise<void> {
    const { type, about } = this.#options;
    const action = this.#isHeard ? 'heartbeat' : 'awake';
    const state = this.#isHeard ? this.#state() : { versions };
    this.#beatIn(heartbeatMs);
    try {
      await this.#line.send(action, { type, ...about(), ...state });
      this.#isHeard = true;
    } catch (err) {
      if (this.#isHeard) this.#options.log.warn({ err }, 'the Trons cannot be reached');
      this.#isHeard = false;
      this.#beatIn(retryMs);
    }
  }

  #beatIn(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#isClosed) this.#timer = setTimeout(() => void this.#beat(), ms).unref();
  }

  #state(): Fields {
    const routes = this.#options.routes();
    const shown = routes.slice(0, listedMax).map(({ queue, host, basePath, sha, revision }) => {
      return { queue, host, path: basePath, sha, revision };
    });
    const digest = digestOf(routes);
    return { routes: shown, count: routes.length, digest, revision: this.#revision };
  }

  #hear(message: ControlMessage): void {
    if (!this.#allegiance.isOurs(message)) return;
    const { action, from } = message;
    switch (action) {
      case 'resend-awake':
        return this.wake();
      case 'tron-info':
        return this.#meet(message);
      case 'tron-died':
        return this.#options.onTronGone?.(from);
      case 'set-statsd':
        return this.#options.onStatsD?.(readServer(message.statsd));
      case 'route':
        return void this.#obey(message, () => this.#takeTable(message));
    }
    const order = this.#options.orders[action];
    if (order) void this.#obey(message, () => order(message));
  }

  #meet({ from: id, url, fetchKey, statsd, runners }: ControlMessage): void {
    if (Array.isArray(runners)) this.#options.onRunners?.(runners.map(String));
    if (typeof url === 'string' && typeof fetchKey === 'string')
      this.#options.onTron?.({ id, url, fetchKey });
    if (statsd !== undefined) this.#options.onStatsD?.(readServer(statsd));
  }

  /** False, when this was but a part of something. */
  async #takeTable(message: ControlMessage): Promise<Fields | false> {
    const table = this.#inbox.take(message);
    if (!table) return false;
    clearTimeout(this.#fallback);
    this.#revision = Math.max(this.#revision, table.revision);
    return (await this.#options.setRoutes(table)) ?? {};
  }

  async #obey(message: ControlMessage, work: () => Promise<Fields | void | false>): Promise<void> {
    const { msgId: of, from: to, action, wantsAck } = message;
    const announce = (): void => this.send('taken', { of, to });
    const timer = wantsAck === true ? setTimeout(announce, takenAfterMs) : undefined;
    try {
      const outcome = await work();
      if (outcome !== false) await this.#line.ack(message, { ok: true, ...outcome });
    } catch (thrown) {
      const error = toFault(thrown).toProblem();
      this.#options.log.error({ err: thrown, action }, error.detail);
      await this.#line.ack(message, { ok: false, error }).catch(() => undefined);
    } finally {
      clearTimeout(timer);
      this.#keep();
      this.#options.onRoutes?.();
    }
  }

  #keep(): void {
    const { store } = this.#allegiance;
    if (store === undefined) return;
    this.#kept?.write(() => {
      return { v: 1, store, revision: this.#revision, routes: [...this.#options.routes()] };
    });
  }

  /** No Tron has said anything of routes: what was so at the end is the best there is. */
  async #recall(store: string, { routes, revision }: Table): Promise<void> {
    if (this.#revision >= 0 || store !== this.#allegiance.store || this.#isClosed) return;
    const { setRoutes, log } = this.#options;
    log.warn({ routes: routes.length, revision }, 'no Tron answers: serving the routes of before');
    this.#revision = revision;
    try {
      await setRoutes({ routes, revision });
    } catch (thrown) {
      log.error({ err: thrown }, toFault(thrown).message);
    }
  }
}

function readServer(given: unknown): StatsDServer | undefined {
  const { host, port } = (given ?? {}) as Partial<StatsDServer>;
  return typeof host === 'string' && typeof port === 'number' ? { host, port } : undefined;
}

/** The route of an order. Throws `bad_request` when it has none. */
export function routeOf({ msgId, from, route }: ControlMessage): Route {
  if (route && typeof (route as Route).queue === 'string') return route as Route;
  throw new FuncatronError('bad_request', `control message ${msgId} from ${from} holds no route`);
}
