/** Reads one partition of `post` from its end: replies to this process, or broadcasts to all. */
import { fetchV17 } from '@platformatic/kafka';
import type { Connection } from '@platformatic/kafka';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, codes } from './link.ts';
import type { KafkaLink } from './link.ts';
import { KafkaOffsets } from './offset.ts';
import { bytesMax } from './topic.ts';
import type { KafkaTopics } from './topic.ts';

const waitMs = 5000;
const againMs = 100;
const againMsMax = 1000;

export interface TailEvents {
  onRecord(key: Buffer | null, value: Buffer): void;
  onLost(error: Error): void;
  onRestored(): void;
}

export class KafkaTail {
  readonly #link: KafkaLink;
  readonly #topics: KafkaTopics;
  readonly #partition: number;
  readonly #events: TailEvents;
  #connection: Connection | undefined;
  #topicId = '';
  #offset = -1n;
  #isClosed = false;
  #running: Promise<void> = Promise.resolve();

  constructor(link: KafkaLink, topics: KafkaTopics, partition: number, events: TailEvents) {
    this.#link = link;
    this.#topics = topics;
    this.#partition = partition;
    this.#events = events;
  }

  /** Resolves when whatever is sent from now on will be read. */
  async start(): Promise<this> {
    await this.#connect();
    this.#running = this.#run();
    return this;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#connection?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    let isLost = false;
    let backoffMs = againMs;
    while (!this.#isClosed) {
      try {
        const connection = this.#connection ?? (await this.#connect());
        if (isLost) this.#events.onRestored();
        isLost = false;
        backoffMs = againMs;
        await this.#fetch(connection);
      } catch (thrown) {
        void this.#connection?.close();
        this.#connection = undefined;
        if (this.#isClosed) return;
        if (codeOf(thrown) === codes.offsetOutOfRange) this.#offset = -1n;
        // What Kafka itself answers is no loss: the partition is elsewhere, or new.
        if (!isLost && codeOf(thrown) === 0) {
          isLost = true;
          this.#events.onLost(this.#link.unavailable(thrown));
        }
        await sleep(backoffMs);
        backoffMs = Math.min(againMsMax, backoffMs * 2);
      }
    }
  }

  async #connect(): Promise<Connection> {
    const name = this.#topics.name('post');
    this.#link.forget(name);
    const place = await this.#topics.ensure('post', name);
    const connection = await this.#link.own(place.leaders[this.#partition]!.node);
    if (this.#offset === -1n)
      this.#offset = await new KafkaOffsets(this.#link).end(place, this.#partition);
    // Made anew after it was removed: all in it is new.
    else if (this.#topicId !== place.id) this.#offset = 0n;
    this.#topicId = place.id;
    this.#connection = connection;
    return connection;
  }

  async #fetch(connection: Connection): Promise<void> {
    const partition = {
      ...{ partition: this.#partition, currentLeaderEpoch: -1, fetchOffset: this.#offset },
      ...{ lastFetchedEpoch: -1, partitionMaxBytes: bytesMax },
    };
    const topics = [{ topicId: this.#topicId, partitions: [partition] }];
    const { async: fetch } = fetchV17.api;
    const answer = await fetch(connection, waitMs, 1, bytesMax, 0, 0, -1, topics, [], '');
    for (const { firstOffset, lastOffsetDelta, records } of answer.responses[0]?.partitions[0]
      ?.records ?? []) {
      for (const { offsetDelta, key, value } of records)
        if (firstOffset + BigInt(offsetDelta) >= this.#offset && value)
          this.#events.onRecord(key, value);
      this.#offset = firstOffset + BigInt(lastOffsetDelta) + 1n;
    }
  }
}
