/** The nodes and Trons around a Tron, what they are told of it, and which of the Trons leads. */
import { randomBytes, randomUUID } from 'node:crypto';
import { ControlLine } from '../control/line.ts';
import type { Fields } from '../control/line.ts';
import type { ControlMessage } from '../message.ts';
import { Leader } from './leader.ts';
import { LoadBook } from './load-book.ts';
import { Nodes } from './nodes.ts';
import type { Node, NodeEvents } from './nodes.ts';
import type { TronOptions } from './option.ts';
import { Peers } from './peers.ts';
import { LeasedTurns } from './leased-turn.ts';
import type { RouteTable } from './route-table.ts';
import { StatsD } from './statsd.ts';
import { readStoreId } from './store-id.ts';
import { Sync } from './sync.ts';
import type { TronParts } from './tron.ts';

export class Network {
  /** The Tron's own name in messages. */
  readonly id = `TRON-${randomUUID()}`;
  /** Opens bundle files to whoever was told it, and nothing else. */
  readonly fetchKey = randomBytes(32).toString('base64url');
  readonly nodes: Nodes;
  readonly peers: Peers;
  readonly leader: Leader;
  readonly turns: LeasedTurns;
  readonly statsd: StatsD;
  readonly #parts: TronParts;
  readonly #line: ControlLine;
  /** In every message that is sent. */
  readonly #said: Fields = {};
  /** Where this Tron can be reached. */
  url = '';
  /** Hears what tells of load and of counts. */
  onReport: (message: ControlMessage) => void = () => {};
  readonly loads = new LoadBook();
  /** Tells a runner that starts what it must know before it begins. */
  onRunner: (id: string) => Promise<void> = async () => {};
  /** While there are other Trons, every ten seconds. */
  onBeat: () => void = () => {};

  constructor(
    parts: TronParts,
    table: RouteTable,
    options: TronOptions,
    onLines: NodeEvents['onLines'],
  ) {
    this.#parts = parts;
    const { broker: carrier, store, log, metrics, leases } = parts;
    const { id } = this;
    const { alone, enableTimeoutMs, routeTimeoutMs: timeoutMs } = options;
    this.#line = new ControlLine({ id, carrier, topic: 'control', log, fields: this.#said });
    this.turns = new LeasedTurns('place', alone ? undefined : leases, id, enableTimeoutMs);
    this.nodes = new Nodes(this.#line, log, {
      onAwake: (node) => {
        // Runners share what is wanted: the others must know of it.
        this.peers.tell(node.type === 'runner' ? undefined : node.id);
        void this.#welcome(node, sync);
      },
      onHeartbeat: (node, message) => void sync.compare(node, message),
      onLines,
      onReport: (message) => {
        if (message.load !== undefined) this.loads.hear(message);
        this.onReport(message);
      },
      onGone: ({ id, type }) => {
        this.loads.forget(id);
        // Those that are left take over its share.
        if (type === 'runner') this.peers.tell();
      },
    });
    const { nodes, turns } = this;
    const leads = (): boolean => this.leader.leads;
    const sync = new Sync({ nodes, table, turns, log, leads, timeoutMs });
    this.leader = new Leader({
      leases: alone ? undefined : leases,
      id,
      log,
      onLead: () => this.wake(),
    });
    this.statsd = new StatsD(store, metrics, log, (statsd) => nodes.tell('set-statsd', { statsd }));
    this.peers = new Peers({
      ...{ line: this.#line, log, alone },
      about: () => this.#about(),
      onBeat: () => this.onBeat(),
      onPeerGone: () => this.leader.hurry(),
      onStatsD: (server) => this.statsd.follow(server),
      storeId: () => this.#said.store as string,
    });
  }

  /** Hears of the others. Rejects with `option_invalid` when they have another store. */
  async start(): Promise<void> {
    this.#said.store = await readStoreId(this.#parts.store);
    await this.peers.start();
    await this.nodes.start();
    await this.statsd.start();
  }

  /** Tells everybody that this Tron is there, at `url`. */
  async open(url: string): Promise<void> {
    this.url = url;
    await this.leader.start();
    if (!this.leader.leads) this.wake();
    this.peers.beat();
  }

  /** Has all nodes say what they are and serve; some may not have been heard. */
  wake(): void {
    this.peers.tell();
    this.nodes.tell('resend-awake', {}).catch((err: unknown) => {
      this.#parts.log.warn({ err }, 'the nodes cannot be asked who they are');
    });
  }

  async close(): Promise<void> {
    this.statsd.close();
    await this.leader.close();
    await this.#line.close();
    this.nodes.close();
    await this.peers.close();
  }

  async #welcome(node: Node, sync: Sync): Promise<void> {
    if (node.type === 'runner')
      await this.onRunner(node.id).catch((err: unknown) => {
        this.#parts.log.error({ err, node: node.id }, 'a runner was not told of cancelled calls');
      });
    await sync.welcome(node);
  }

  #about() {
    const { url, fetchKey } = this;
    const { leads } = this.leader;
    const ids = this.nodes.live('runner').map(({ id }) => id);
    const runners = leads && ids.length > 0 && { runners: ids.toSorted() };
    return { url, fetchKey, leads, statsd: this.statsd.server ?? null, ...runners };
  }
}
