/**
 * The control plane: it knows bundles, routes and nodes, and says so over HTTP. Its state is in
 * the store; nodes hear from it, and it from them, in control messages.
 */
import { createServer } from '../node-http.ts';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import type { Broker } from '../broker/broker.ts';
import type { ContractFile } from '../bundle/read.ts';
import type { SecretSource } from '../control/secret-wire.ts';
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { CallStore } from '../store/call.ts';
import type { Leases } from '../store/lease.ts';
import type { DeadLetters } from '../store/letter.ts';
import type { BundleFiles, Store } from '../store/store.ts';
import type { Tallies } from '../store/tally.ts';
import { aboutEndpoints } from './about-endpoint.ts';
import { send } from './answer.ts';
import { Api } from './api.ts';
import { Bundles } from './bundles.ts';
import { CallDesk } from './call-desk.ts';
import { Counts } from './counts.ts';
import { askContract } from './describe.ts';
import { callEndpoints, letterEndpoints } from './call-endpoint.ts';
import { extendedEndpoints } from './extended-endpoint.ts';
import { GatewayOpening } from './gateway/opening.ts';
import { SecretKey } from './gateway/secret-key.ts';
import { Vault } from './gateway/secret-vault.ts';
import { assertMayListen } from './guard.ts';
import { logEndpoints } from './log-endpoint.ts';
import { LogRing } from './log-ring.ts';
import { Network } from './network.ts';
import type { Nodes } from './nodes.ts';
import { tronDefaults } from './option.ts';
import type { TronOptions } from './option.ts';
import { originalEndpoints } from './original-endpoint.ts';
import { Placement } from './placement.ts';
import { RouteTable } from './route-table.ts';
import { scaleEndpoints } from './scale-endpoint.ts';
import { Scaling } from './scaling.ts';
import { Scheduler } from './scheduler.ts';

export interface TronParts {
  broker: Broker;
  store: Store;
  /** What became of asynchronous calls, and those that are dead. */
  calls: CallStore;
  letters: DeadLetters;
  /** The bundles' bytes. */
  files: BundleFiles;
  /** What several Trons on one store agree by. */
  leases?: Leases;
  /** How often functions were called; without it that is not kept. */
  tallies?: Tallies;
  log: Log;
  metrics: Metrics;
}

export interface Tron {
  /** Where it listens; empty before that. */
  readonly url: string;
  /**
   * Speaks to nodes, then listens. Rejects with `address_in_use`, or `option_invalid` when the
   * address is open to others and there is no token.
   */
  listen(address: { port: number; host: string }): Promise<void>;
  /** Where a bundle's file is on this disk; what only another Tron has is fetched from there. */
  bundlePath(sha: string): Promise<string>;
  /** What functions are given as files; told to nobody else. */
  readonly secrets: SecretSource;
  /** Speaks to all nodes anew: messages may have been lost. */
  wake(): void;
  /** Answers what is asked already, then lets go of nodes and the port. */
  close(): Promise<void>;
}

/** A connection on which nothing moves is cut off; a body may take as long as it moves. */
const stallTimeoutMs = 60_000;
const connectionsMax = 1000;
/** Time answers under way get at `close`. */
const closeTimeoutMs = 5000;
const closeSweepMs = 20;

export function createTron(parts: TronParts, given: Partial<TronOptions> = {}): Tron {
  return new ListeningTron(parts, { ...tronDefaults, ...given });
}

class ListeningTron implements Tron {
  readonly #parts: TronParts;
  readonly #api: Api;
  readonly #options: TronOptions;
  readonly #network: Network;
  readonly #bundles: Bundles;
  readonly #desk: CallDesk;
  readonly #scheduler: Scheduler;
  readonly #scaling: Scaling;
  readonly #counts: Counts;
  readonly #ring: LogRing;
  readonly #server: Server;
  readonly secrets: SecretSource;
  url = '';

  constructor(parts: TronParts, options: TronOptions) {
    this.#parts = parts;
    this.#options = options;
    const { store, files, log, metrics } = parts;
    const ring = new LogRing(options.logLinesMax);
    const table = new RouteTable(store);
    const network = new Network(parts, table, options, (lines) => ring.add(lines));
    const { nodes, peers, turns, statsd, fetchKey } = network;
    const tell = nodes.tell.bind(nodes);
    const desk = new CallDesk({
      ...{ ...parts, leases: options.alone ? undefined : parts.leases },
      ...{ id: network.id, options: options.asyncCalls, tell },
      answer: (call) => (gateway.takes(call) ? gateway.answer(call) : undefined),
    });
    network.onRunner = (id) => desk.welcome(id);
    const fetch = options.alone ? undefined : () => peers.list();
    const describe = (sha: string): Promise<ContractFile> =>
      askContract(nodes, sha, options.enableTimeoutMs);
    const bundles = new Bundles({ store, files, options, log, hosts: fetch, describe });
    if (options.copies) network.onBeat = () => void bundles.copyEnabled();
    this.#scheduler = new Scheduler({
      ...{ store, table, log, broker: parts.broker, id: network.id },
      contractOf: async ({ sha, overlay }) => bundles.contract(await bundles.get(sha), overlay),
    });
    table.onCommit = () => this.#scheduler.wake();
    const vault = new Vault({ store, key: new SecretKey(options.secretsKey), log });
    vault.onChange = (names) => {
      nodes.tell('secrets', { names }).catch((err: unknown) => {
        log.warn({ err }, 'runners were not told of a new secret; they look by themselves');
      });
    };
    const placement = new Placement({ store, bundles, table, nodes, turns, vault, options, log });
    const leads = (): boolean => network.leader.leads;
    const scaling = (this.#scaling = new Scaling({
      ...{ broker: parts.broker, bundles, placement, table, nodes, leads, log },
      ...{ loads: network.loads, auto: options.autoscale },
    }));
    const counts = (this.#counts = new Counts({
      ...{ tallies: parts.tallies, log, leads, living: () => nodes.list().map(({ id }) => id) },
    }));
    network.onReport = (message) => counts.hear(message);
    const core = { store, bundles, placement, table, nodes, network, statsd, scaling, counts };
    const gateway = new GatewayOpening({ ...core, ring, vault, options, log });
    const endpoints = {
      ...originalEndpoints(core),
      ...extendedEndpoints(core),
      ...scaleEndpoints(scaling, table),
      ...callEndpoints(desk),
      ...letterEndpoints(desk),
      ...logEndpoints(ring),
      ...aboutEndpoints(metrics),
    };
    this.secrets = vault;
    this.#network = network;
    this.#bundles = bundles;
    this.#desk = desk;
    this.#ring = ring;
    const { bodyMax } = options;
    this.#api = new Api({ store, endpoints, log, bodyMax, fetchKey, vault, gateway });
    this.#server = createServer({ requestTimeout: 0, headersTimeout: 10_000 });
    this.#server.on('request', (request, response) => void this.#answer(request, response));
    this.#server.setTimeout(stallTimeoutMs + options.enableTimeoutMs);
    this.#server.maxConnections = connectionsMax;
    countNodes(metrics, nodes);
  }

  async listen({ port, host }: { port: number; host: string }): Promise<void> {
    await assertMayListen(this.#parts.store, host);
    await this.#network.start();
    this.#desk.start();
    this.#scheduler.start();
    this.#scaling.start();
    this.#counts.start();
    await bind(this.#server, port, host);
    const { port: bound } = this.#server.address() as AddressInfo;
    this.url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
    await this.#network.open(this.#options.url || reachable(host, bound));
  }

  bundlePath(sha: string): Promise<string> {
    return this.#bundles.path(sha);
  }

  wake(): void {
    this.#network.wake();
  }

  async close(): Promise<void> {
    this.#ring.close();
    await this.#scheduler.close();
    await this.#scaling.close();
    await this.#desk.close();
    await this.#network.close();
    await this.#counts.close();
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    // Connections become idle one by one, as what followed the logs hears that there is no more.
    const sweep = setInterval(() => this.#server.closeIdleConnections(), closeSweepMs);
    const timer = setTimeout(() => this.#server.closeAllConnections(), closeTimeoutMs);
    await closed;
    clearInterval(sweep);
    clearTimeout(timer);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await send(await this.#api.answer(request), request, response);
    } catch (err) {
      // The client went away, or a file broke off in the middle: there is nobody to tell.
      this.#parts.log.debug({ err, url: request.url }, 'an answer broke off');
      response.destroy();
    }
  }
}

/** Where others reach an address: nobody can call the one that stands for all. */
function reachable(host: string, port: number): string {
  const name = host.replace(/^\[(.*)\]$/, '$1');
  const isAny = name === '' || name === '::' || /^0(\.0){0,3}$/.test(name);
  const shown = isAny ? hostname() : name;
  return `http://${shown.includes(':') ? `[${shown}]` : shown}:${port}`;
}

async function bind(server: Server, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const inUse = cause.code === 'EADDRINUSE';
      const mend = inUse
        ? 'is in use; stop what has it, or choose another --tron-port'
        : cause.message;
      const detail = `the Tron's address ${host}:${port} ${mend}`;
      reject(new FuncatronError(inUse ? 'address_in_use' : 'option_invalid', detail, { cause }));
    });
    server.listen(port, host.replace(/^\[(.*)\]$/, '$1'), resolve);
  });
}

function countNodes(metrics: Metrics, nodes: Nodes): void {
  const help = 'Frontends and runners that were heard of in the last three minutes';
  const gauges = (['frontend', 'runner'] as const).map((type) => {
    return { type, gauge: metrics.gauge('funcatron_nodes', help, { type }) };
  });
  metrics.onCollect(() => {
    const all = nodes.list();
    for (const { type, gauge } of gauges)
      gauge.set(all.filter((node) => node.type === type).length);
  });
}
