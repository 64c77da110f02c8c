/**
 * A broker carries calls, asynchronous calls and control messages. One file an adapter; the URL's
 * scheme picks it. `conformance.ts` says in tests what every adapter must do.
 */
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Call, ControlMessage, EventPlace, Reply, RetryPolicy } from '../message.ts';
import type { DirectOptions } from './direct/direct.ts';
import type { OpenTransport } from './remote/transport.ts';

export interface Broker {
  /**
   * Puts a call in a queue and waits for its reply. Settles by the call's deadline (and a short
   * grace for remote adapters), come what may. Rejects with a FuncatronError: `queue_full`,
   * `deadline_in_queue`, `broker_closed`, `cancelled`, or what the consumer's handler threw.
   */
  call(queue: string, call: Call): Promise<Reply>;
  /**
   * Puts an asynchronous call in a queue; resolves once it is durable. Delivered at least once,
   * retried with backoff by `head.async.retry`, and moved to the queue `tron.dead` when its last
   * try failed, or at once when trying again cannot help (see `isFinal`). Its reply is dropped. The
   * time left until its deadline counts anew from every delivery: nobody waits for it.
   */
  publish(queue: string, call: Call): Promise<void>;
  /**
   * Takes calls from a queue, at most `prefetch` at a time; competes with other consumers. From an
   * `EventSource` it takes foreign messages: each comes as an unchecked asynchronous call of method
   * POST and path `/`, the message's properties as headers; it is acknowledged once the handler has
   * resolved, and delivered again when it rejects.
   */
  consume(
    source: string | EventSource,
    handler: CallHandler,
    options: ConsumeOptions,
  ): Promise<Consumer>;
  /** Sends a control message to everybody subscribed to the topic at this moment. */
  broadcast(topic: string, message: ControlMessage): Promise<void>;
  subscribe(topic: string, handler: (message: ControlMessage) => void): Promise<Consumer>;
  depth(queue: string): Promise<QueueDepth>;
  /** Refuses new work, rejects waiting calls with `broker_closed`, keeps durable ones. */
  close(): Promise<void>;
}

/** What somebody else puts messages in. */
export interface EventSource extends EventPlace {
  /** Consumers of one group share the messages of a topic or subject; each group gets all. */
  group: string;
}

/** The reply goes to the caller, if one waits; a rejection reaches the caller as the error it is. */
export type CallHandler = (call: Call) => Promise<Reply>;

export interface ConsumeOptions {
  /** Calls handed over and not yet settled, at most. */
  prefetch: number;
}

export interface Consumer {
  /** Changes how many calls are handed over at a time. */
  setPrefetch(prefetch: number): void;
  /** Takes no more; resolves when those in hand have settled. */
  stop(): Promise<void>;
}

export interface QueueDepth {
  /** Calls waiting, asynchronous ones included. */
  waiting: number;
  /** Calls handed over and not settled. */
  inFlight: number;
  /** Age of the oldest waiting call in milliseconds; 0 when none waits. */
  oldestMs: number;
  consumers: number;
}

export interface BrokerOptions {
  log: Log;
  /** Folder of its own for what must survive a restart; without one, `publish` rejects with `journal_failed`. */
  dataDir?: string;
  /** Calls that may wait in one queue, at most (`--queue-max`). Default 10,000. */
  queueMax?: number;
  /** Bytes of bodies that may wait in one queue (`--queue-bytes-max`). Default 256 MiB. */
  queueBytesMax?: number;
  /** Bytes of asynchronous calls that may be kept, dead ones included (`--journal-max`). Default 1 GiB. */
  journalMax?: number;
  /** Where a call does not say itself. Default: 5 tries (`--async-tries`), 1 s, at most 300 s. */
  retry?: Partial<RetryPolicy>;
  /** Begins the names of everything made in a broker server. Default `funcatron`. */
  namespace?: string;
  /** The connection to the server was lost and is there again: broadcasts were missed. */
  onRestored?(): void;
  /** Where this process takes bodies past the broker server; without it, it cannot. */
  direct?: DirectOptions;
}

/** Opens the broker a URL names; the adapter's client library is imported only now. */
export async function openBroker(url: string, options: BrokerOptions): Promise<Broker> {
  const scheme = url.split(':', 1)[0];
  switch (scheme) {
    case 'memory': {
      const { MemoryBroker } = await import('./memory/memory.ts');
      return MemoryBroker.open(options);
    }
    case 'amqp':
    case 'amqps':
      return openRemote(url, options, async () => (await import('./amqp/amqp.ts')).openAmqp);
    case 'nats':
    case 'tls':
      return openRemote(url, options, async () => (await import('./nats/nats.ts')).openNats);
    case 'redis':
    case 'rediss':
      return openRemote(url, options, async () => (await import('./redis/redis.ts')).openRedis);
    case 'kafka':
      return openRemote(url, options, async () => (await import('./kafka/kafka.ts')).openKafka);
    default:
      throw new FuncatronError(
        'scheme_unknown',
        `--broker ${scheme}: no broker adapter has this scheme; use memory:, amqp://, nats://, redis:// or kafka://`,
      );
  }
}

async function openRemote(
  url: string,
  options: BrokerOptions,
  load: () => Promise<OpenTransport>,
): Promise<Broker> {
  const [{ RemoteBroker }, open] = await Promise.all([import('./remote/remote.ts'), load()]);
  return RemoteBroker.open(url, options, open);
}
