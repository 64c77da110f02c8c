/** What all calls of one frontend share. */
import type { Broker } from '../broker/broker.ts';
import type { CallbackAllow } from '../callback-allow.ts';
import type { Log } from '../log.ts';
import type { RouteEntry } from './entry.ts';
import type { DoorMeter } from './meter.ts';
import type { FrontendOptions } from './option.ts';
import type { RequestIds } from './request-id.ts';
import type { RouteTable } from './route-table.ts';

export interface Exposed {
  contentType: string;
  text: string;
}

export interface Door {
  readonly broker: Broker;
  readonly log: Log;
  readonly meter: DoorMeter;
  /** All counts, as Prometheus reads them. */
  readonly expose: () => Promise<Exposed>;
  readonly options: FrontendOptions;
  readonly ids: RequestIds;
  /** Where results of asynchronous calls may be posted to. */
  readonly callbacks: CallbackAllow;
  /** Replaced as a whole, never changed. */
  table: RouteTable<RouteEntry>;
  /** Resolves with the first table ever set, or when the wait for it is over; undefined then. */
  firstTable: Promise<void> | undefined;
  /** Let go of answers that would go on for ever, when it closes. */
  readonly followers: Set<() => void>;
  /** Closing: what is in flight ends, connections are not kept. */
  draining: boolean;
}
