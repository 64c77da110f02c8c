/**
 * The HTTP door: takes requests, enforces the contract, hands calls to the broker, answers with
 * the replies. Everything that costs no place in a queue is settled here.
 */
import type { Broker } from '../broker/broker.ts';
import { CallbackAllow } from '../callback-allow.ts';
import type { Log } from '../log.ts';
import type { Route } from '../message.ts';
import type { Metrics } from '../metrics.ts';
import type { Exposition } from '../observe/prometheus.ts';
import type { ContractSource } from '../openapi/contract.ts';
import { askTron } from './ask-tron.ts';
import { createControl } from './control.ts';
import type { ControlOptions } from './control.ts';
import { CountTeller } from './count-teller.ts';
import type { Door } from './door.ts';
import { EventDoor } from './event-door.ts';
import { DoorMeter } from './meter.ts';
import { frontendDefaults } from './option.ts';
import type { FrontendOptions } from './option.ts';
import { RequestIds } from './request-id.ts';
import { RouteTable } from './route-table.ts';
import { Routes } from './routes.ts';
import { DoorServer } from './server.ts';
import { ServiceCounts } from './service-count.ts';
import type { ListenOptions } from './server.ts';

export interface FrontendParts {
  broker: Broker;
  contracts: ContractSource;
  log: Log;
  metrics: Metrics;
  options?: Partial<FrontendOptions>;
  /** Where it keeps the routes, and what it does with what else the Trons say. */
  control?: Pick<ControlOptions, 'file' | 'onRoutes' | 'onTron' | 'onTronGone' | 'onStatsD'>;
}

export interface Frontend {
  /** Where it listens, such as `http://localhost:8080`; empty before `listen`. */
  readonly url: string;
  /** Listens, then tells the Trons. Rejects with `address_in_use` or `option_invalid`. */
  listen(options: ListenOptions): Promise<void>;
  /** What is served now. */
  readonly routes: readonly Route[];
  /** Tells the Trons again that it is here: messages may have been lost. */
  wake(): void;
  /** Finishes calls in flight, up to `drainMs`. Leaves the broker open. */
  close(): Promise<void>;
  /**
   * Serves a whole new table, at once unless a contract in use changes; older ones are ignored.
   * Rejects when a changed contract cannot be loaded: the one before keeps serving there.
   */
  setRoutes(routes: readonly Route[], revision: number): Promise<void>;
}

export function createFrontend(parts: FrontendParts): Frontend {
  const options = { ...frontendDefaults, ...parts.options };
  const { broker, contracts, metrics } = parts;
  const log = parts.log.child({ component: 'frontend' });
  const meter = new DoorMeter(metrics);
  const table = new RouteTable<never>([], 0);
  const ids = new RequestIds();
  const followers = new Set<() => void>();
  const state = { table, firstTable: undefined, draining: false };
  const callbacks = new CallbackAllow(options.callbackAllow);
  const services = new ServiceCounts(() => askTron(door, '/gateway/internal/replicas'));
  metrics.addSource(() => services.families());
  const expose = createExpose(metrics, services);
  const door: Door = { broker, log, meter, expose, options, ids, callbacks, followers, ...state };
  const routes = new Routes(door, { contracts, meter, cors: options.cors });
  const server = new DoorServer(door);
  const events = new EventDoor({ broker, contracts, log });
  const setRoutes = async (list: readonly Route[], revision: number): Promise<void> => {
    try {
      await routes.set(list, revision);
    } finally {
      if (options.control) events.setRoutes(routes.list);
    }
  };
  const control = createControl({
    ...parts.control,
    carrier: broker,
    log,
    setRoutes,
    routes: () => routes.list,
    forgetRevisions: () => routes.forgetRevision(),
    url: () => server.url,
  });
  const counts = new CountTeller(meter, async (tallies) => {
    if (options.control) await control.deliver('counts', { tallies });
  });
  const close = async (): Promise<void> => {
    await control.close();
    await events.close();
    await server.close();
    // Those that ended last are counted, too.
    await counts.close();
    routes.close();
  };
  let closing: Promise<void> | undefined;
  return {
    get url() {
      return server.url;
    },
    get routes() {
      return routes.list;
    },
    wake: () => control.wake(),
    async listen(where) {
      await server.listen(where);
      if (options.control) await control.start();
    },
    close: () => (closing ??= close()),
    setRoutes,
  };
}

/** All counts of this process; what it takes to show them is loaded when somebody asks. */
function createExpose(metrics: Metrics, services: ServiceCounts): Door['expose'] {
  let exposition: Promise<Exposition> | undefined;
  return async () => {
    exposition ??= import('../observe/prometheus.ts').then((module) =>
      module.createExposition(metrics),
    );
    await services.refresh();
    const { contentType, text } = await exposition;
    return { contentType, text: await text() };
  };
}
