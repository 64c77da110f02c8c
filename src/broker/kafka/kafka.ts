/**
 * Kafka as a broker server, from 4.2 on.
 *
 * Calls and jobs of a queue are in topics of their own, and share groups hand them out one by one:
 * as many runners as there are share a queue, each takes what it has room for, and acknowledges in
 * any order. Replies and broadcasts go through one topic (`post`) whose end everybody reads.
 *
 * What Kafka costs a call: it is written to a log on disk twice, as the call and as its reply, and
 * each waits for the broker that writes it to wake whoever reads it: two records appended, two
 * fetches answered, and one acknowledgement, which rides on the next fetch. That is some 2 ms on a
 * broker beside us, where others need a fraction of one. It pays where Kafka is there anyway.
 *
 * A queue's first call makes its topic, which takes some 100 ms.
 */
import { randomInt } from 'node:crypto';
import type { EventSource } from '../broker.ts';
import { KafkaEvents } from './event.ts';
import { KafkaLink } from './link.ts';
import { KafkaPresence } from './member.ts';
import { Pace } from './pace.ts';
import { KafkaSender, UncertainError } from './send.ts';
import { KafkaTail } from './tail.ts';
import { KafkaTake } from './take.ts';
import { bytesMax, KafkaTopics, postPartitions } from './topic.ts';
import { readKafkaUrl } from './url.ts';
import { KafkaWaits } from './wait.ts';
import type {
  Delivery,
  ForeignMessage,
  Intake,
  OpenTransport,
  Transport,
  TransportOptions,
} from '../remote/transport.ts';

const broadcasts = 0;

export const openKafka: OpenTransport = async (url, options) => {
  const link = new KafkaLink(await readKafkaUrl(url));
  const transport = new KafkaTransport(link, options);
  try {
    await link.check();
    await transport.start();
  } catch (thrown) {
    await transport.abandon();
    throw link.unavailable(thrown);
  }
  return transport;
};

class KafkaTransport implements Transport {
  readonly bytesMax = bytesMax;
  readonly redelivers = true;
  readonly inbox: string;
  readonly #link: KafkaLink;
  readonly #options: TransportOptions;
  readonly #topics: KafkaTopics;
  readonly #sender: KafkaSender;
  readonly #waits: KafkaWaits;
  readonly #presence: KafkaPresence;
  readonly #tails: KafkaTail[];
  readonly #paces = new Map<string, Pace>();
  readonly #takes = new Set<KafkaTake>();
  readonly #events = new Set<KafkaEvents>();
  readonly #listeners = new Map<string, Set<(bytes: Buffer) => void>>();
  /** Topics that may hold nothing when this ends. */
  readonly #used = new Set<string>();
  #tailsLost = 0;
  #isClosed = false;

  constructor(link: KafkaLink, options: TransportOptions) {
    const { namespace, log, id } = options;
    this.#link = link;
    this.#options = options;
    const topics = new KafkaTopics(link, namespace);
    const sender = new KafkaSender(link, topics);
    this.#topics = topics;
    this.#sender = sender;
    this.#waits = new KafkaWaits({ link, topics, sender, log });
    this.#presence = new KafkaPresence(link, topics.name('post'), id);
    // Processes that share an inbox's partition read each other's replies, and drop them.
    const partition = randomInt(1, postPartitions);
    this.inbox = `${partition}/${id}`;
    this.#tails = [
      this.#tail(broadcasts, (key, value) => {
        for (const listener of this.#listeners.get(String(key)) ?? []) listener(value);
      }),
      this.#tail(partition, (key, value) => {
        if (String(key) === id) options.onReply(value);
      }),
    ];
  }

  async start(): Promise<void> {
    await Promise.all(this.#tails.map((tail) => tail.start()));
    await this.#presence.start();
  }

  async sendCall(queue: string, value: Buffer, ttlMs: number): Promise<void> {
    const topic = this.#topics.name('call', queue);
    this.#used.add(topic);
    try {
      await this.#sender.send('call', topic, { value, time: Date.now() + ttlMs }, 1);
    } catch (thrown) {
      // It may be there: its sender must not send it again.
      if (!(thrown instanceof UncertainError)) throw thrown;
    }
  }

  async sendReply(inbox: string, value: Buffer): Promise<void> {
    const [partition, id = ''] = inbox.split('/', 2);
    const message = { value, key: Buffer.from(id), partition: Number(partition) };
    await this.#sender.send('post', this.#topics.name('post'), message, 1);
  }

  async sendJob(queue: string, value: Buffer, delayMs: number): Promise<void> {
    const topic = this.#topics.name('job', queue);
    for (const name of [topic, ...this.#waits.names(queue)]) this.#used.add(name);
    if (delayMs > 0) await this.#waits.send(queue, value, delayMs);
    else await this.#sender.send('job', topic, { value }, -1);
  }

  async take(
    kind: 'call' | 'job',
    queue: string,
    window: number,
    onDelivery: (delivery: Delivery) => void,
  ): Promise<Intake> {
    const topic = this.#topics.name(kind, queue);
    this.#used.add(topic);
    const take = new KafkaTake(this.#link, this.#topics, this.#sender, {
      ...{ kind, topic, window, log: this.#options.log, pace: this.#pace(queue) },
      onRecord: (_record, delivery) => onDelivery(delivery),
      onEnd: () => this.#takes.delete(take),
    });
    await take.start();
    this.#takes.add(take);
    if (kind === 'job') {
      for (const name of this.#waits.names(queue)) this.#used.add(name);
      await this.#waits.watch(queue);
    }
    return take;
  }

  async takeEvents(
    source: EventSource,
    window: number,
    onEvent: (event: ForeignMessage) => void,
  ): Promise<Intake> {
    const { log } = this.#options;
    const events = new KafkaEvents(this.#link, source, window, onEvent, log);
    this.#events.add(events);
    return events.start();
  }

  async broadcast(topic: string, value: Buffer): Promise<void> {
    const message = { value, key: Buffer.from(topic), partition: broadcasts };
    await this.#sender.send('post', this.#topics.name('post'), message, 1);
  }

  async subscribe(topic: string, onMessage: (bytes: Buffer) => void): Promise<() => Promise<void>> {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners);
    const listener = (bytes: Buffer): void => onMessage(bytes);
    listeners.add(listener);
    return async () => void listeners.delete(listener);
  }

  async jobs(queue: string): Promise<number> {
    const names = [this.#topics.name('job', queue), ...this.#waits.names(queue)];
    try {
      const counts = await Promise.all(names.map((name) => this.#topics.count(name)));
      return counts.reduce((sum, count) => sum + count);
    } catch (thrown) {
      throw this.#link.unavailable(thrown);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#takes].map((take) => take.stop()));
    // What the stops gave back to the broker above comes from it now.
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([
      ...[...this.#takes].map((take) => take.close()),
      ...[...this.#events].map((events) => events.close()),
      this.#waits.close(),
    ]);
    await Promise.all([...this.#used].map((topic) => this.#remove(topic)));
    await Promise.all(this.#tails.map((tail) => tail.close()));
    await this.#presence.stop();
    await this.#topics.removePost().catch(() => undefined);
    await this.#link.close();
  }

  /** Ends what was begun and came to nothing. */
  async abandon(): Promise<void> {
    this.#isClosed = true;
    await this.#waits.close();
    await Promise.all(this.#tails.map((tail) => tail.close()));
    await this.#presence.stop();
    await this.#link.close();
  }

  #pace(queue: string): Pace {
    const pace = this.#paces.get(queue) ?? new Pace();
    this.#paces.set(queue, pace);
    return pace;
  }

  #tail(partition: number, onRecord: (key: Buffer | null, value: Buffer) => void): KafkaTail {
    return new KafkaTail(this.#link, this.#topics, partition, {
      onRecord,
      onLost: (error) => {
        if (this.#tailsLost++ === 0 && !this.#isClosed) this.#options.onLost(error);
      },
      onRestored: () => {
        if (--this.#tailsLost === 0 && !this.#isClosed) this.#options.onRestored();
      },
    });
  }

  async #remove(topic: string): Promise<void> {
    await this.#topics.remove(topic).catch((err: unknown) => {
      this.#options.log.debug({ err, topic }, 'a topic that holds nothing could not be removed');
    });
  }
}
