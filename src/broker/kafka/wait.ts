/**
 * Jobs that wait until they are due. Kafka knows no delays, so they lie in topics of their own, and
 * whoever takes the queue's jobs or delays some takes from these too: it holds a record until its
 * time, sends it on to the jobs, and only then says that it is done with it.
 *
 * A record that is held keeps none behind it waiting, up to 2,000 of a topic, which is what Kafka
 * locks at a time. That more long waits than that do not hold up short ones, there are three topics.
 */
import type { Log } from '../../log.ts';
import type { KafkaLink } from './link.ts';
import type { TakenRecord } from './record.ts';
import type { KafkaSender } from './send.ts';
import { KafkaTake } from './take.ts';
import type { KafkaTopics, TopicKind } from './topic.ts';
import type { Delivery } from '../remote/transport.ts';

/** Longest wait in a topic, in milliseconds. */
const kinds = [
  ['wait-s', 10_000],
  ['wait-m', 600_000],
  ['wait-l', Infinity],
] as const satisfies [TopicKind, number][];

const heldMax = 1000;
const heldBytesMax = 32 * 2 ** 20;
const againMs = 1000;
const timerMsMax = 2 ** 31 - 1;
/** Another process may delay the first job of a queue at any time. */
const lookMs = 5000;

interface Parts {
  link: KafkaLink;
  topics: KafkaTopics;
  sender: KafkaSender;
  log: Log;
}

export class KafkaWaits {
  readonly #parts: Parts;
  readonly #movers = new Map<string, Promise<Mover>>();
  readonly #queues = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #isClosed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#timer = setInterval(() => void this.#look(), lookMs);
    this.#timer.unref();
  }

  /** Resolves when it is durable. */
  async send(queue: string, value: Buffer, delayMs: number): Promise<void> {
    const [kind] = kinds.find(([, longest]) => delayMs <= longest)!;
    const { topics, sender } = this.#parts;
    const name = topics.name(kind, queue);
    await sender.send(kind, name, { value, time: Date.now() + delayMs }, -1);
    await this.#move(kind, queue);
  }

  /** Has what waits for a queue moved on, whoever sends it. */
  async watch(queue: string): Promise<void> {
    this.#queues.add(queue);
    await this.#look();
  }

  /** Names of all topics in which jobs of a queue may wait. */
  names(queue: string): string[] {
    return kinds.map(([kind]) => this.#parts.topics.name(kind, queue));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    const movers = await Promise.allSettled(this.#movers.values());
    await Promise.all(movers.map((one) => one.status === 'fulfilled' && one.value.close()));
  }

  async #look(): Promise<void> {
    const missing = [...this.#queues].flatMap((queue) =>
      kinds
        .map(([kind]) => ({ kind, queue, name: this.#parts.topics.name(kind, queue) }))
        .filter(({ name }) => !this.#movers.has(name)),
    );
    if (missing.length === 0 || this.#isClosed) return;
    try {
      const found = await this.#parts.link.find(...missing.map(({ name }) => name));
      for (const { name } of found) {
        const { kind, queue } = missing.find((one) => one.name === name)!;
        await this.#move(kind, queue);
      }
    } catch {
      // The next look is soon.
    }
  }

  async #move(kind: TopicKind, queue: string): Promise<void> {
    const topic = this.#parts.topics.name(kind, queue);
    if (this.#isClosed || this.#movers.has(topic)) return;
    const mover = new Mover(this.#parts, kind, topic, queue);
    const starting = mover.start();
    this.#movers.set(topic, starting);
    starting.catch((err: unknown) => {
      this.#movers.delete(topic);
      // It is there: the next look finds it.
      this.#queues.add(queue);
      this.#parts.log.debug({ err, queue }, 'what waits for a queue is not moved yet');
    });
  }
}

class Mover {
  readonly #parts: Parts;
  readonly #jobs: string;
  readonly #take: KafkaTake;
  readonly #timers = new Set<NodeJS.Timeout>();
  #bytes = 0;
  #count = 0;
  #isClosed = false;

  constructor(parts: Parts, kind: TopicKind, topic: string, queue: string) {
    this.#parts = parts;
    this.#jobs = parts.topics.name('job', queue);
    this.#take = new KafkaTake(parts.link, parts.topics, parts.sender, {
      ...{ kind, topic, window: heldMax, log: parts.log },
      onRecord: (record, delivery) => this.#hold(record, delivery),
    });
  }

  async start(): Promise<this> {
    await this.#take.start();
    return this;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#take.close();
  }

  #hold({ time }: TakenRecord, delivery: Delivery): void {
    this.#count++;
    this.#bytes += delivery.bytes.length;
    this.#fit();
    this.#after(time - Date.now(), () => this.#pass(time, delivery));
  }

  #after(waitMs: number, act: () => void): void {
    if (this.#isClosed) return;
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        if (waitMs > timerMsMax) this.#after(waitMs - timerMsMax, act);
        else act();
      },
      Math.min(timerMsMax, Math.max(0, waitMs)),
    );
    timer.unref();
    this.#timers.add(timer);
  }

  #pass(time: number, delivery: Delivery): void {
    const { bytes: value } = delivery;
    this.#parts.sender.send('job', this.#jobs, { value }, -1).then(
      () => {
        delivery.ack();
        this.#count--;
        this.#bytes -= value.length;
        this.#fit();
      },
      () => this.#after(againMs, () => this.#pass(time, delivery)),
    );
  }

  #fit(): void {
    this.#take.setWindow(this.#bytes > heldBytesMax ? this.#count : heldMax);
  }
}
