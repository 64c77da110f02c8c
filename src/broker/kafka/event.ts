/**
 * Takes the messages of a topic that is not ours, as one more member of an ordinary consumer group:
 * in order by partition, and from the beginning when the group is new.
 */
import { Consumer, leaveGroupV5 } from '@platformatic/kafka';
import type { Message } from '@platformatic/kafka';
import { setTimeout as sleep } from 'node:timers/promises';
import { FuncatronError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Headers } from '../../message.ts';
import type { EventSource } from '../broker.ts';
import type { KafkaLink } from './link.ts';
import type { ForeignMessage, Intake } from '../remote/transport.ts';

const sessionMs = 10_000;
const heartbeatMs = 1000;
const waitMs = 500;
const againMs = 1000;

type Stream = Awaited<ReturnType<Consumer['consume']>>;

/** A message that was handed over. */
interface Handed {
  message: Message;
  isDone: boolean;
}

export class KafkaEvents implements Intake {
  readonly #link: KafkaLink;
  readonly #topic: string;
  readonly #group: string;
  readonly #log: Log;
  readonly #onEvent: (event: ForeignMessage) => void;
  /** By partition, in order: only what has nothing unfinished before it is committed. */
  #handed = new Map<number, Handed[]>();
  #window: number;
  #open = 0;
  #consumer: Consumer | undefined;
  #stream: Stream | undefined;
  /** A member that could not leave: until it has, the others wait for it. */
  #lostMember: string | undefined;
  #isStopped = false;
  #isClosed = false;

  /** Throws `option_invalid` for a source that Kafka has not. */
  constructor(
    link: KafkaLink,
    source: EventSource,
    window: number,
    onEvent: (event: ForeignMessage) => void,
    log: Log,
  ) {
    const topic = source.topic ?? source.queue;
    if (topic === undefined) {
      const detail = `an event source of Kafka is a topic; "${source.subject}" is a subject`;
      throw new FuncatronError('option_invalid', detail);
    }
    this.#link = link;
    this.#topic = topic;
    this.#group = source.group;
    this.#window = window;
    this.#onEvent = onEvent;
    this.#log = log;
  }

  /** Resolves once it takes, or after the first time that it could not: it goes on trying. */
  async start(): Promise<this> {
    if (!(await this.#connect())) void this.#connectAgain();
    return this;
  }

  setWindow(window: number): void {
    this.#window = window;
    this.#fit();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#fit();
    if (this.#open === 0) await this.close();
  }

  async close(): Promise<void> {
    this.#isStopped = true;
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#disconnect();
  }

  async #connectAgain(): Promise<void> {
    do await sleep(againMs, undefined, { ref: false });
    while (!this.#isStopped && !(await this.#connect()));
  }

  async #connect(): Promise<boolean> {
    const { connection, bootstrap } = this.#link.place;
    const consumer = new Consumer({
      ...connection,
      ...{ clientId: 'funcatron', groupId: this.#group, autocommit: false, retries: 0 },
      bootstrapBrokers: bootstrap,
      ...{ sessionTimeout: sessionMs, heartbeatInterval: heartbeatMs, maxWaitTime: waitMs },
    });
    consumer.on('error', (err: Error) => this.#broken(consumer, err));
    // What others have now was not finished here in time.
    consumer.on('consumer:group:join', () => this.#handed.clear());
    this.#consumer = consumer;
    try {
      await this.#leave();
      const stream = await consumer.consume({
        ...{ topics: [this.#topic], mode: 'committed', fallbackMode: 'earliest' },
        highWaterMark: Math.max(1, this.#window),
      });
      this.#stream = stream;
      stream.on('error', (err: Error) => this.#broken(consumer, err));
      stream.on('data', (message: Message) => this.#take(message));
      this.#fit();
      return true;
    } catch (err) {
      const fields = { err, topic: this.#topic, group: this.#group };
      this.#log.warn(fields, 'a topic of events cannot be read; it is tried again');
      await this.#disconnect();
      return false;
    }
  }

  #broken(consumer: Consumer, err: Error): void {
    if (this.#consumer !== consumer || this.#isClosed) return;
    const fields = { err, topic: this.#topic, group: this.#group };
    this.#log.warn(fields, 'reading events is interrupted');
    this.#lostMember = consumer.memberId ?? undefined;
    void this.#disconnect().then(() => this.#connectAgain());
  }

  async #disconnect(): Promise<void> {
    const [consumer, stream] = [this.#consumer, this.#stream];
    this.#consumer = this.#stream = undefined;
    this.#handed = new Map();
    try {
      // It commits what it was told to first.
      await stream?.close();
      await consumer?.close(true);
    } catch (err) {
      this.#log.debug({ err, topic: this.#topic }, 'a reader of events did not close');
    }
  }

  async #leave(): Promise<void> {
    const memberId = this.#lostMember;
    if (memberId === undefined) return;
    await this.#link
      .askCoordinator(this.#group, (connection) =>
        leaveGroupV5.api.async(connection, this.#group, [{ memberId }]),
      )
      .catch(() => undefined);
    this.#lostMember = undefined;
  }

  #take(message: Message): void {
    const handed: Handed = { message, isDone: false };
    const { partition } = message;
    const before = this.#handed.get(partition);
    if (before) before.push(handed);
    else this.#handed.set(partition, [handed]);
    this.#open++;
    this.#fit();
    this.#hand(handed, false);
  }

  #hand(handed: Handed, redelivered: boolean): void {
    const { message } = handed;
    let isSettled = false;
    const once = (act: () => void) => () => {
      if (isSettled) return;
      isSettled = true;
      act();
    };
    this.#onEvent({
      bytes: message.value ?? Buffer.alloc(0),
      headers: headersOf(message),
      redelivered,
      ack: once(() => this.#done(handed)),
      giveBack: once(() => {
        if (this.#isStopped) this.#release();
        else this.#hand(handed, true);
      }),
    });
  }

  #done(handed: Handed): void {
    handed.isDone = true;
    const queue = this.#handed.get(handed.message.partition) ?? [];
    let last: Message | undefined;
    while (queue[0]?.isDone) last = queue.shift()!.message;
    if (last)
      Promise.resolve(last.commit()).catch((err: unknown) => {
        this.#log.debug({ err, topic: this.#topic }, 'events may come again');
      });
    this.#release();
  }

  #release(): void {
    this.#open--;
    this.#fit();
    if (this.#isStopped && this.#open === 0) void this.close();
  }

  #fit(): void {
    const stream = this.#stream;
    if (!stream) return;
    if (this.#isStopped || this.#open >= this.#window) stream.pause();
    else if (stream.isPaused()) stream.resume();
  }
}

/** Those of the message, and where it was: its topic, partition, offset and key. */
function headersOf({ headers, topic, partition, offset, key }: Message): Headers {
  const all: Headers = {};
  for (const [name, value] of headers) all[nameOf(String(name))] = String(value);
  all['kafka-topic'] = topic;
  all['kafka-partition'] = String(partition);
  all['kafka-offset'] = String(offset);
  if (key && key.length > 0) all['kafka-key'] = String(key);
  return all;
}

/** The attributes of CloudEvents are `ce_type` in Kafka (its binding, 3.2.3) and `ce-type` in HTTP. */
function nameOf(header: string): string {
  return header.toLowerCase().replace(/^ce_/, 'ce-');
}
