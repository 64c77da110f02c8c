/** What a frontend can be told, and what it does when it is not. */
import type { Problem } from '../message.ts';
import type { AlexaServices } from './alexa.ts';
import type { Cors } from './cors.ts';

export interface FrontendOptions {
  /** Bytes a request body may have (`--body-max`). Default 10 MiB. */
  bodyMax: number;
  /** Bytes that are passed on as they come from here on (`--direct-over`). Default 256 KiB. */
  directOver: number;
  /** Bytes a body may have that is never held whole; 0: any (`--direct-max`). Default 16 GiB. */
  directMax: number;
  /** Bytes the request headers may have (`--headers-max`). Default 16 KiB. */
  headersMax: number;
  /** Characters the request target may have (`--uri-max`). Default 8 KiB. */
  uriMax: number;
  /** Connections open at a time (`--connections-max`). Default 10,000. */
  connectionsMax: number;
  /** Time a client gets to send the request headers (`--headers-timeout`). Default 10 s. */
  headersTimeoutMs: number;
  /** Time a client gets to send the whole request (`--request-timeout`). Default 60 s. */
  requestTimeoutMs: number;
  /** Time an idle connection is kept (`--keep-alive`). Default 65 s. */
  keepAliveMs: number;
  /**
   * Time a client may take no byte of its answer, or send none of a body that is passed on
   * (`--stall-timeout`). Default 60 s.
   */
  stallTimeoutMs: number;
  /** Time an upgraded connection may carry nothing (`--websocket-idle`). Default 10 min. */
  websocketIdleMs: number;
  /** Time calls in flight get to end at `close` (`--drain`). Default 30 s. */
  drainMs: number;
  /** Time a refused client gets to stop sending before its connection is reset. Default 1 s. */
  lingerMs: number;
  /** Time calls wait for the first route table ever (`--routes-wait`). Default 1 s. */
  routesWaitMs: number;
  /** Time without a call after which a route lets go of its contract. Default 10 min. */
  contractIdleMs: number;
  /** Answers carry the stack of what failed (dev only). */
  dev: boolean;
  /** Serve `/ui/` and `/openapi.json` where no operation does. */
  docs: boolean;
  /** Log a line per call at info. */
  accessLog: boolean;
  /** Cross-origin access to bundles whose own settings say nothing of it. */
  cors: Cors | undefined;
  /** Where results may be posted to (`--callback-allow`); see `CallbackAllow`. Default: nowhere. */
  callbackAllow: readonly string[];
  /** Which Alexa applications may call which functions (`--services`); undefined: none. */
  services: AlexaServices | undefined;
  /** Time a Tron gets to answer a question about a call. Default 5 s. */
  tronTimeoutMs: number;
  /** Whether to take routes from Trons by control messages. Default true. */
  control: boolean;
  /** Awaited before a call is routed; undefined: nothing to wait for. */
  beforeCall: (() => Promise<void> | undefined) | undefined;
  /** The last build's error, shown in answers until it is mended. */
  notice: (() => Problem | undefined) | undefined;
  /** What callers are told while nothing at all is enabled. */
  nothingHere: string;
}

const kib = 1024;

export const frontendDefaults: FrontendOptions = {
  bodyMax: 10 * kib * kib,
  directOver: 256 * kib,
  directMax: 16 * kib * kib * kib,
  headersMax: 16 * kib,
  uriMax: 8 * kib,
  connectionsMax: 10_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveMs: 65_000,
  stallTimeoutMs: 60_000,
  websocketIdleMs: 600_000,
  drainMs: 30_000,
  lingerMs: 1_000,
  routesWaitMs: 1_000,
  contractIdleMs: 600_000,
  dev: false,
  docs: false,
  accessLog: false,
  cors: undefined,
  callbackAllow: [],
  services: undefined,
  tronTimeoutMs: 5_000,
  control: true,
  beforeCall: undefined,
  notice: undefined,
  nothingHere: 'nothing is enabled here yet; enable a bundle with: funcatron deploy DIR',
};
