/**
 * The embedded broker: one process, messages handed over as the objects they are. Asynchronous
 * calls go through the journal in `dataDir` first.
 */
import { FuncatronError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Call, ControlMessage, Reply } from '../../message.ts';
import type {
  Broker,
  BrokerOptions,
  CallHandler,
  Consumer,
  ConsumeOptions,
  EventSource,
  QueueDepth,
} from '../broker.ts';
import type { Outbox } from './outbox.ts';
import { Queue } from './queue.ts';
import type { QueueLimits } from './queue.ts';

const queueMaxDefault = 10_000;
const queueBytesMaxDefault = 256 * 2 ** 20;

type Listener = (message: ControlMessage) => void;

export class MemoryBroker implements Broker {
  readonly #log: Log;
  readonly #limits: QueueLimits;
  readonly #queues = new Map<string, Queue>();
  readonly #topics = new Map<string, Set<Listener>>();
  #outbox: Outbox | undefined;
  #closed = false;

  private constructor(options: BrokerOptions) {
    this.#log = options.log;
    this.#limits = {
      waitingMax: options.queueMax ?? queueMaxDefault,
      bytesMax: options.queueBytesMax ?? queueBytesMaxDefault,
    };
  }

  /**
   * Rejects with `option_invalid` when another process uses `dataDir`, with `journal_failed` when
   * the journal there cannot be read or written.
   */
  static async open(options: BrokerOptions): Promise<MemoryBroker> {
    const broker = new MemoryBroker(options);
    if (options.dataDir === undefined) return broker;
    const { Outbox } = await import('./outbox.ts');
    broker.#outbox = await Outbox.open(
      { ...options, dataDir: options.dataDir, queueMax: broker.#limits.waitingMax },
      (name) => broker.#queue(name),
    );
    return broker;
  }

  call(queue: string, call: Call): Promise<Reply> {
    if (this.#closed) return Promise.reject(closed());
    return this.#queue(queue).call(call);
  }

  async publish(queue: string, call: Call): Promise<void> {
    if (this.#closed) throw closed();
    if (!this.#outbox) {
      const detail = 'asynchronous calls need a folder to be kept in: start with --data DIR';
      throw new FuncatronError('journal_failed', detail);
    }
    await this.#outbox.publish(queue, call);
  }

  async consume(
    source: string | EventSource,
    handler: CallHandler,
    options: ConsumeOptions,
  ): Promise<Consumer> {
    if (this.#closed) throw closed();
    if (typeof source !== 'string') throw foreign(source);
    return this.#queue(source).consume(handler, options);
  }

  async broadcast(topic: string, message: ControlMessage): Promise<void> {
    if (this.#closed) throw closed();
    // In a microtask of its own, as between processes: a sender never runs its hearers' code.
    await Promise.resolve();
    for (const listener of this.#topics.get(topic) ?? []) {
      try {
        listener(message);
      } catch (error) {
        this.#log.error({ topic, action: message.action, err: error }, 'a subscriber failed');
      }
    }
  }

  async subscribe(topic: string, handler: Listener): Promise<Consumer> {
    if (this.#closed) throw closed();
    const listeners = this.#topics.get(topic) ?? new Set();
    this.#topics.set(topic, listeners);
    // A function of its own: the same handler may subscribe twice.
    const listener: Listener = (message) => handler(message);
    listeners.add(listener);
    return {
      setPrefetch: () => undefined,
      stop: async () => {
        listeners.delete(listener);
        if (listeners.size === 0 && this.#topics.get(topic) === listeners)
          this.#topics.delete(topic);
      },
    };
  }

  async depth(queue: string): Promise<QueueDepth> {
    const depth = this.#queues.get(queue)?.depth() ?? unused;
    return this.#outbox ? this.#outbox.deepen(queue, depth) : depth;
  }

  /** What is on disk. */
  get outbox(): Outbox | undefined {
    return this.#outbox;
  }

  /** Names of the queues that are in use. */
  queues(): string[] {
    return [...this.#queues.keys()];
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const queue of this.#queues.values()) queue.close(closed());
    this.#topics.clear();
    await this.#outbox?.close();
  }

  #queue(name: string): Queue {
    const known = this.#queues.get(name);
    if (known) return known;
    const queue: Queue = new Queue(name, this.#limits, () => {
      if (this.#queues.get(name) === queue) this.#queues.delete(name);
    });
    this.#queues.set(name, queue);
    return queue;
  }
}

const unused: QueueDepth = { waiting: 0, inFlight: 0, oldestMs: 0, consumers: 0 };

function closed(): FuncatronError {
  return new FuncatronError('broker_closed', 'the broker is closed; the server is shutting down');
}

function foreign({ queue, topic, subject }: EventSource): FuncatronError {
  const name = queue ?? topic ?? subject;
  return new FuncatronError(
    'option_invalid',
    `"${name}": the embedded broker has no queues and topics of others; name a broker that has, with --broker`,
  );
}
