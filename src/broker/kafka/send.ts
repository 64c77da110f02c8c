/**
 * Sends records. What is sent in one turn of the event loop, or while two requests are on their way
 * to the same broker, goes in one request: alone a record waits for nothing, and many cost little.
 */
import { NetworkError, produceV11, ProtocolError } from '@platformatic/kafka';
import type { Connection } from '@platformatic/kafka';
import { setTimeout as sleep } from 'node:timers/promises';
import { FuncatronError } from '../../errors.ts';
import { codes } from './link.ts';
import type { KafkaLink } from './link.ts';
import type { KafkaTopics, TopicKind } from './topic.ts';

const timeoutMs = 10_000;
/** A topic may be moved, or removed and made anew, while something is sent to it. */
const patienceMs = 5000;
const againMs = 20;
/** A topic that takes nothing for so long was left so by a process that is gone. */
const refusedMs = 2000;
const requestBytesMax = 2 ** 20;
const requestsMax = 2;

/** Who has to have it before it counts as sent: its broker, or all that keep it. */
export type Acks = 1 | -1;

export interface Message {
  value: Buffer;
  key?: Buffer;
  headers?: Map<Buffer, Buffer>;
  partition?: number;
  /** Milliseconds since 1970; default now. */
  time?: number;
}

/** It may have been sent, or not: the connection broke in between. */
export class UncertainError extends FuncatronError {
  constructor(detail: string, cause: unknown) {
    super('broker_unavailable', detail, { cause });
  }
}

export class KafkaSender {
  readonly #link: KafkaLink;
  readonly #topics: KafkaTopics;
  readonly #lanes = new Map<string, Lane>();

  constructor(link: KafkaLink, topics: KafkaTopics) {
    this.#link = link;
    this.#topics = topics;
  }

  /** Resolves when it is there; rejects with `broker_unavailable`, as `UncertainError` when it may be. */
  async send(kind: TopicKind, topic: string, message: Message, acks: Acks): Promise<void> {
    const begun = Date.now();
    for (let isAllowed = false; ;) {
      const code = await this.#trySend(kind, topic, message, acks);
      if (code === 0) return;
      const waited = Date.now() - begun;
      if (waited > patienceMs || !passing.has(code)) {
        const why = new ProtocolError(code).message;
        throw this.#link.unavailable(new Error(`topic ${topic}: ${why}`));
      }
      this.#link.forget(topic);
      if (code === codes.tooLarge && waited > refusedMs && !isAllowed) {
        isAllowed = true;
        await this.#topics.allowAgain(topic);
      }
      await sleep(againMs);
    }
  }

  async #trySend(kind: TopicKind, topic: string, message: Message, acks: Acks): Promise<number> {
    let lane: Lane;
    try {
      const place = this.#link.known(topic) ?? (await this.#topics.ensure(kind, topic));
      const { node } = place.leaders[message.partition ?? 0]!;
      lane = this.#lane(node, acks);
    } catch (thrown) {
      throw this.#link.unavailable(thrown);
    }
    try {
      return await lane.send(topic, message);
    } catch (thrown) {
      // The topic may be led by another broker now.
      this.#link.forget(topic);
      if (thrown instanceof FuncatronError) throw thrown;
      const detail = `the connection to Kafka at ${this.#link.place.shown} broke while a message was sent`;
      throw new UncertainError(detail, thrown);
    }
  }

  #lane(node: number, acks: Acks): Lane {
    const key = `${node}/${acks}`;
    let lane = this.#lanes.get(key);
    if (!lane) {
      lane = new Lane(() => this.#link.to(node, `send ${acks}`), acks);
      this.#lanes.set(key, lane);
    }
    return lane;
  }
}

const passing = new Set<number>([
  ...[codes.unknownTopic, codes.leaderUnavailable, codes.notLeader],
  ...[codes.tooLarge, codes.unknownTopicId],
]);

interface Item {
  topic: string;
  message: Message;
  resolve(code: number): void;
  reject(error: unknown): void;
}

/** What goes to one broker, in order. */
class Lane {
  readonly #connect: () => Promise<Connection>;
  readonly #acks: Acks;
  #waiting: Item[] = [];
  #requests = 0;
  #isDue = false;

  constructor(connect: () => Promise<Connection>, acks: Acks) {
    this.#connect = connect;
    this.#acks = acks;
  }

  send(topic: string, message: Message): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ topic, message, resolve, reject });
      this.#plan();
    });
  }

  #plan(): void {
    if (this.#isDue || this.#requests >= requestsMax || this.#waiting.length === 0) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const items = this.#nextItems();
    this.#requests++;
    try {
      const connection = await this.#connect();
      const records = items.map(({ topic, message: { time, partition = 0, ...rest } }) => ({
        ...rest,
        ...{ topic, partition, timestamp: BigInt(time ?? Date.now()) },
      }));
      const answer = await produceV11.api
        .async(connection, this.#acks, timeoutMs, records)
        .catch(answerOf);
      for (const item of items) item.resolve(codeFor(item, answer));
    } catch (thrown) {
      for (const item of items) item.reject(thrown);
    } finally {
      this.#requests--;
      this.#plan();
    }
  }

  #nextItems(): Item[] {
    let bytes = 0;
    let count = 0;
    while (count < this.#waiting.length) {
      bytes += this.#waiting[count]!.message.value.length;
      if (count > 0 && bytes > requestBytesMax) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }
}

type Answer = Exclude<Awaited<ReturnType<typeof produceV11.api.async>>, boolean>;

/** The answer that came with a refusal of a part of it. */
function answerOf(thrown: unknown): Answer {
  const { response } = thrown as { response?: Answer };
  if (response && !(thrown instanceof NetworkError)) return response;
  throw thrown;
}

function codeFor({ topic, message }: Item, answer: Answer | boolean): number {
  if (typeof answer === 'boolean') return 0;
  const found = answer.responses
    .find(({ name }) => name === topic)
    ?.partitionResponses.find(({ index }) => index === (message.partition ?? 0));
  return found?.errorCode ?? codes.unknownTopic;
}
