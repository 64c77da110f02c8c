/**
 * The broker over a server: calls with replies and deadlines, retries, dead letters and depth, on
 * top of a `Transport` that carries bytes.
 */
import { randomUUID } from 'node:crypto';
import { FuncatronError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Call, ControlMessage, Reply, RetryPolicy } from '../../message.ts';
import type {
  Broker,
  BrokerOptions,
  CallHandler,
  Consumer,
  ConsumeOptions,
  EventSource,
  QueueDepth,
} from '../broker.ts';
import { Census } from './census.ts';
import type { Direct } from '../direct/direct.ts';
import { gather, retryDefault, tronQueueStart } from '../job.ts';
import { decodePacket, encodePacket } from './packet.ts';
import type { ReplyPacket } from './packet.ts';
import { Peers } from './peers.ts';
import { full } from '../refusal.ts';
import { Caller, tooLarge } from './caller.ts';
import { RemoteConsumer } from './consumer.ts';
import { consumeEvents } from './event.ts';
import type { OpenTransport, Transport, TransportOptions } from './transport.ts';

const queueMaxDefault = 10_000;
const queueBytesMaxDefault = 256 * 2 ** 20;
const overBytesDefault = 256 * 1024;
/** Queues of the Trons may hold so many times what others may. */
const tronQueueTimes = 100;
const timerMsMax = 2 ** 31 - 1;
const sweepMs = 100;
/** The number of jobs in a queue is asked for anew after so long. */
const jobsKnownMs = 1000;

export class RemoteBroker implements Broker {
  readonly #id = randomUUID();
  readonly #log: Log;
  readonly #options: BrokerOptions;
  readonly #retry: RetryPolicy;
  readonly #queueMax: number;
  readonly #overBytes: number;
  readonly #consumers = new Set<RemoteConsumer>();
  readonly #census = new Census();
  /** How many jobs a queue had when it was asked, and how many went in since. */
  readonly #jobs = new Map<string, { count: Promise<number>; at: number; added: number }>();
  #transport!: Transport;
  #caller!: Caller;
  #peers!: Peers;
  #direct: Promise<Direct> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(options: BrokerOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#retry = { ...retryDefault, ...options.retry };
    this.#queueMax = options.queueMax ?? queueMaxDefault;
    const over = options.direct?.overBytes ?? overBytesDefault;
    this.#overBytes = options.direct ? over : Infinity;
  }

  /** Rejects with `broker_unavailable`, or `option_invalid` for a URL that cannot be one. */
  static async open(
    url: string,
    options: BrokerOptions,
    openTransport: OpenTransport,
  ): Promise<RemoteBroker> {
    const broker = new RemoteBroker(options);
    await broker.#open(readUrl(url), openTransport);
    return broker;
  }

  call(queue: string, call: Call): Promise<Reply> {
    if (this.#isClosed) return Promise.reject(closed());
    return this.#caller.call(queue, call);
  }

  async publish(queue: string, { head, body }: Call): Promise<void> {
    if (this.#isClosed) throw closed();
    const now = Date.now();
    const { bytesMax } = this.#transport;
    const whole = await gather(body, bytesMax, (bytes) => tooLarge(bytes, bytesMax));
    const async = head.async ?? { acceptedAt: now, tries: 0 };
    const timeoutMs = Math.min(timerMsMax, Math.max(1, head.deadline - now));
    const bytes = encodePacket({ t: 'job', head: { ...head, async }, timeoutMs }, whole);
    if (bytes.length > bytesMax) throw tooLarge(bytes.length, bytesMax);
    await this.#admit(queue);
    await this.#transport.sendJob(queue, bytes, 0);
  }

  async consume(
    source: string | EventSource,
    handler: CallHandler,
    { prefetch }: ConsumeOptions,
  ): Promise<Consumer> {
    if (this.#isClosed) throw closed();
    if (typeof source !== 'string')
      return consumeEvents(this.#transport, source, handler, prefetch, this.#log);
    const consumer = new RemoteConsumer(source, this.#transport, handler, {
      id: this.#id,
      log: this.#log,
      retry: this.#retry,
      overBytes: this.#overBytes,
      direct: this.#options.direct && (() => this.#openDirect()),
      onStopped: (stopped) => this.#consumers.delete(stopped),
    });
    this.#consumers.add(consumer);
    try {
      await consumer.start(prefetch);
    } catch (thrown) {
      this.#consumers.delete(consumer);
      throw thrown;
    }
    return consumer;
  }

  async broadcast(topic: string, message: ControlMessage): Promise<void> {
    if (this.#isClosed) throw closed();
    await this.#transport.broadcast(topic, Buffer.from(JSON.stringify(message)));
  }

  async subscribe(topic: string, handler: (message: ControlMessage) => void): Promise<Consumer> {
    if (this.#isClosed) throw closed();
    const stop = await this.#transport.subscribe(topic, (bytes) => {
      try {
        handler(JSON.parse(bytes.toString()) as ControlMessage);
      } catch (err) {
        this.#log.error({ topic, err }, 'a subscriber failed');
      }
    });
    return { setPrefetch: () => undefined, stop };
  }

  async depth(queue: string): Promise<QueueDepth> {
    if (this.#isClosed) throw closed();
    const { inbox } = this.#transport;
    const ask = (n: number): Promise<void> => this.#peers.askAll(n, inbox, queue);
    return this.#census.take(ask, this.#peers.count, {
      count: this.#transport.jobs(queue),
      isHandedOverHidden: this.#transport.hidesHandedOver === true,
    });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#caller.close(closed());
    // What is in hand at the end may never end: the server gives it to others.
    for (const consumer of this.#consumers) void consumer.stop();
    await this.#peers.close();
    await this.#transport.close();
    await (await this.#direct)?.close();
  }

  async #open(url: URL, openTransport: OpenTransport): Promise<void> {
    const { namespace = 'funcatron' } = this.#options;
    const options: TransportOptions = {
      ...{ log: this.#log, namespace, id: this.#id },
      onReply: (bytes) => this.#take(bytes),
      onLost: (error) => this.#lost(error),
      onRestored: () => this.#restored(),
    };
    this.#transport = await openTransport(url, options);
    this.#caller = new Caller(this.#transport, {
      id: this.#id,
      waitingMax: this.#queueMax,
      bytesMax: this.#options.queueBytesMax ?? queueBytesMaxDefault,
      overBytes: this.#overBytes,
      direct: () => this.#openDirect(),
    });
    this.#peers = new Peers(this.#transport, this.#id, this.#log, {
      onLost: (id) => this.#caller.peerLost(id),
      onCensus: ({ n, inbox, queue }) => this.#count(n, inbox, queue),
    });
    await this.#peers.start();
    this.#timer = setInterval(() => this.#sweep(), sweepMs);
    this.#timer.unref();
  }

  #openDirect(): Promise<Direct> {
    this.#direct ??= import('../direct/direct.ts').then((direct) =>
      direct.openDirect(this.#options.direct!),
    );
    return this.#direct;
  }

  #take(bytes: Buffer): void {
    try {
      const { head, body } = decodePacket(bytes);
      if (head.t === 'count') this.#census.add(head);
      else if (head.t !== 'cancel') this.#caller.take(head as ReplyPacket, body);
      else for (const consumer of this.#consumers) consumer.cancel(head.from, head.n);
    } catch (err) {
      this.#log.warn({ err }, 'a message in the inbox could not be read');
    }
  }

  #lost(err: Error): void {
    if (this.#isClosed) return;
    this.#log.warn({ err }, 'the connection to the broker is lost; it is being made again');
    this.#caller.connectionLost();
  }

  #restored(): void {
    if (this.#isClosed) return;
    this.#log.info('the broker is there again');
    this.#peers.forgive();
    this.#caller.connectionRestored();
    this.#options.onRestored?.();
  }

  #count(n: number, inbox: string, queue: string): void {
    const count = { ...this.#caller.count(queue), calls: 0, jobs: 0, held: 0, consumers: 0 };
    for (const consumer of this.#consumers) {
      if (consumer.queue !== queue) continue;
      const { calls, jobs, held } = consumer.counts;
      count.calls += calls;
      count.jobs += jobs;
      count.held += held;
      count.consumers++;
    }
    const packet = { t: 'count', n, id: this.#id, ...count } as const;
    void Promise.resolve(this.#transport.sendReply(inbox, encodePacket(packet))).catch(
      () => undefined,
    );
  }

  /** Rejects with `queue_full` when a queue holds as many jobs as it may. */
  async #admit(queue: string): Promise<void> {
    const now = Date.now();
    let known = this.#jobs.get(queue);
    if (!known || now - known.at > jobsKnownMs) {
      known = { count: this.#transport.jobs(queue), at: now, added: 0 };
      known.count.catch(() => this.#jobs.delete(queue));
      this.#jobs.set(queue, known);
    }
    known.added++;
    const times = queue.startsWith(tronQueueStart) ? tronQueueTimes : 1;
    const max = this.#queueMax * times;
    if ((await known.count) + known.added <= max) return;
    known.added--;
    const what = `${max} asynchronous calls wait (--queue-max)`;
    throw full({ name: queue, consumers: 0 }, what);
  }

  #sweep(): void {
    const now = Date.now();
    for (const consumer of this.#consumers) consumer.sweep(now);
  }
}

/** A URL has one host: further ones of a cluster, after commas, become its option `also`. */
const further = /^(\w+:\/\/(?:[^@/?#]*@)?[^,@/?#]*),([^/?#]*)(.*)$/;

function readUrl(text: string): URL {
  const match = further.exec(text);
  try {
    if (!match) return new URL(text);
    const url = new URL(match[1]! + match[3]!);
    url.searchParams.set('also', match[2]!);
    return url;
  } catch (cause) {
    const detail = `--broker ${text.replace(/\/\/[^@/]*@/, '//***@')} is no URL`;
    throw new FuncatronError('option_invalid', detail, { cause });
  }
}

function closed(): FuncatronError {
  return new FuncatronError('broker_closed', 'the broker is closed; the server is shutting down');
}
