/**
 * Redis 7 as the broker server. A queue is two streams, of calls and of jobs, and a set of jobs
 * that wait for their time; replies and broadcasts are published. One connection for commands, one
 * for what is published to us, and one for each stream we take from.
 */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { FuncatronError } from '../../errors.ts';
import type { Headers } from '../../message.ts';
import type { EventSource } from '../broker.ts';
import { checkServer } from './check.ts';
import { Delays } from './delay.ts';
import { readEvent, streamOf } from './event.ts';
import { Inbox } from './inbox.ts';
import { RedisIntake } from './intake.ts';
import type { Content, IntakeOptions } from './intake.ts';
import { isRefusal, isUnsent, refusal, unavailable } from './fault.ts';
import { Link } from './link.ts';
import { group, Names } from './name.ts';
import type { JobKeys } from './name.ts';
import type { Stream } from './receipt.ts';
import { SentCalls } from './sent.ts';
import { readRedisUrl } from './url.ts';
import type { RedisPlace } from './url.ts';
import type {
  Delivery,
  ForeignMessage,
  Intake,
  OpenTransport,
  Transport,
  TransportOptions,
} from '../remote/transport.ts';

const beatMs = 1000;
/** Ends what is under way when the server answers no more. */
const closeMs = 3000;
const noHeaders: Headers = {};

export const openRedis: OpenTransport = async (url, options) => {
  const place = await readRedisUrl(url);
  return RedisTransport.open(place, options);
};

class RedisTransport implements Transport {
  /** Redis takes 512 MiB, but every message is in its memory, and whole in that of two processes. */
  readonly bytesMax = 32 * 2 ** 20;
  readonly redelivers = true;
  readonly inbox: string;
  readonly #place: RedisPlace;
  readonly #options: TransportOptions;
  readonly #names: Names;
  readonly #intakes = new Set<RedisIntake>();
  readonly #jobQueues = new Map<RedisIntake, JobKeys>();
  #main!: Link;
  #heard!: Link;
  #inbox!: Inbox;
  #delays!: Delays;
  #sent!: SentCalls;
  #timer: NodeJS.Timeout | undefined;
  #takers = 0;
  #isOpen = false;
  #isLost = false;
  #isClosed = false;

  private constructor(place: RedisPlace, options: TransportOptions) {
    this.#place = place;
    this.#options = options;
    this.#names = new Names(options.namespace, options.id, place.database);
    this.inbox = this.#names.inbox;
  }

  static async open(place: RedisPlace, options: TransportOptions): Promise<RedisTransport> {
    const transport = new RedisTransport(place, options);
    try {
      await transport.#open();
    } catch (thrown) {
      transport.#end();
      throw transport.#fault(thrown);
    }
    return transport;
  }

  async #open(): Promise<void> {
    const name = `${this.#options.namespace}-${this.#options.id}`;
    const events = {
      onLost: (error: Error) => this.#lost(error),
      onRestored: () => void this.#restore(),
    };
    this.#main = await Link.open(this.#place, name, events);
    await checkServer(this.#main, this.#place, this.#options.log);
    this.#heard = await Link.open(this.#place, name, events);
    this.#delays = new Delays(this.#main);
    this.#sent = new SentCalls(this.#main);
    this.#inbox = new Inbox(this.#main, this.#names.large, this.#options.onReply);
    await this.#inbox.open(this.#heard, this.inbox);
    this.#isOpen = true;
    this.#timer = setInterval(() => this.#beat(), beatMs).unref();
  }

  async sendCall(queue: string, bytes: Buffer, ttlMs: number): Promise<void> {
    if (this.#isLost) throw this.#gone();
    const key = this.#names.calls(queue);
    const endsAt = Date.now() + ttlMs;
    try {
      const id = await this.#main.command(['XADD', key, '*', 'b', bytes]);
      this.#sent.add(key, String(id), endsAt);
    } catch (thrown) {
      const fault = this.#fault(thrown);
      if (isRefusal(thrown) && this.#main.isUp) throw refusal(this.#place, thrown as Error);
      // Otherwise the server may have it.
      if (isUnsent(thrown)) throw fault;
    }
  }

  async sendReply(inbox: string, bytes: Buffer): Promise<void> {
    try {
      await this.#inbox.send(inbox, bytes);
    } catch (thrown) {
      throw this.#fault(thrown);
    }
  }

  async sendJob(queue: string, bytes: Buffer, delayMs: number): Promise<void> {
    if (this.#isLost) throw this.#gone();
    const keys = this.#names.jobs(queue);
    try {
      if (delayMs > 0) await this.#delays.add(keys, bytes, delayMs);
      else await this.#main.command(['XADD', keys.stream, '*', 'b', bytes]);
    } catch (thrown) {
      const fault = this.#fault(thrown);
      if (!isRefusal(thrown)) throw fault;
      throw new FuncatronError('journal_failed', fault.message, { cause: thrown });
    }
  }

  async take(
    kind: 'call' | 'job',
    queue: string,
    window: number,
    onDelivery: (delivery: Delivery) => void,
  ): Promise<Intake> {
    const keys = this.#names.jobs(queue);
    const key = kind === 'call' ? this.#names.calls(queue) : keys.stream;
    const intake = await this.#take({ kind, key, group, taker: this.#taker() }, window, {
      ...{ start: '0', read: readOurs, onDelivery },
    });
    if (kind === 'job') {
      this.#jobQueues.set(intake, keys);
      void this.#delays.move(keys);
    }
    return intake;
  }

  async takeEvents(
    source: EventSource,
    window: number,
    onDelivery: (event: ForeignMessage) => void,
  ): Promise<Intake> {
    const { key, start } = streamOf(source);
    const stream: Stream = { kind: 'event', key, group: source.group, taker: this.#taker() };
    return this.#take(stream, window, { start, read: readEvent, onDelivery });
  }

  async broadcast(topic: string, bytes: Buffer): Promise<void> {
    try {
      await this.#main.command(['PUBLISH', this.#names.topic(topic), bytes]);
    } catch (thrown) {
      throw this.#fault(thrown);
    }
  }

  async subscribe(topic: string, onMessage: (bytes: Buffer) => void): Promise<() => Promise<void>> {
    const channel = this.#names.topic(topic);
    let isOn = true;
    const listener = (bytes: Buffer): void => {
      if (isOn) onMessage(bytes);
    };
    try {
      await this.#heard.subscribe(channel, listener);
    } catch (thrown) {
      throw this.#fault(thrown);
    }
    return async () => {
      isOn = false;
      await this.#heard.unsubscribe(channel, listener).catch(() => undefined);
    };
  }

  async jobs(queue: string): Promise<number> {
    const { delayed, stream } = this.#names.jobs(queue);
    for (const intake of this.#intakes) void intake.flush();
    try {
      // In this order a job that is moved between the two counts twice, and never not at all.
      const counts = [
        ['ZCARD', delayed],
        ['XLEN', stream],
      ].map((args) => this.#main.command(args));
      const [waiting, ready] = await Promise.all(counts);
      return Number(waiting) + Number(ready);
    } catch (thrown) {
      throw this.#fault(thrown);
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#delays.stop();
    const leaving = async (): Promise<void> => {
      const intakes = [...this.#intakes];
      await Promise.all(intakes.map((intake) => intake.stop()));
      // Who hears that an intake has stopped gives back what it did not begin.
      await nextTurn();
      await Promise.all([...intakes.map((one) => one.leave()), this.#sent.sweep(Infinity)]);
    };
    await Promise.race([leaving(), sleep(closeMs, undefined, { ref: false })]);
    this.#end();
  }

  #end(): void {
    this.#main?.close();
    this.#heard?.close();
  }

  async #take(
    stream: Stream,
    window: number,
    options: Pick<IntakeOptions, 'start' | 'read' | 'onDelivery'>,
  ): Promise<RedisIntake> {
    if (this.#isLost) throw this.#gone();
    try {
      const intake = await RedisIntake.open(stream, window, {
        ...{ ...options, place: this.#place, main: this.#main, log: this.#options.log },
        onDone: (done) => {
          this.#intakes.delete(done);
          this.#jobQueues.delete(done);
        },
      });
      this.#intakes.add(intake);
      return intake;
    } catch (thrown) {
      throw this.#fault(thrown);
    }
  }

  #beat(): void {
    if (this.#isLost) return;
    for (const intake of this.#intakes) void intake.beat();
    for (const keys of this.#jobQueues.values()) void this.#delays.move(keys);
    void this.#sent.sweep(Date.now());
  }

  #lost(error: Error): void {
    if (this.#isLost || this.#isClosed) return;
    this.#isLost = true;
    if (this.#isOpen) this.#options.onLost(error);
  }

  async #restore(): Promise<void> {
    const isUp = (): boolean => this.#main.isUp && this.#heard?.isUp;
    if (!isUp()) return;
    const joined = await Promise.allSettled([...this.#intakes].map((intake) => intake.join()));
    for (const { reason: err } of joined.filter((one) => one.status === 'rejected'))
      this.#options.log.warn({ err }, 'a stream could not be joined again');
    if (!isUp() || !this.#isLost || this.#isClosed) return;
    this.#isLost = false;
    if (!this.#isOpen) return;
    for (const intake of this.#intakes) void intake.flush();
    this.#inbox.resend();
    this.#options.onRestored();
  }

  #taker(): string {
    return `${this.#options.id}-${this.#takers++}`;
  }

  #gone(): Error {
    return unavailable(this.#place, 'the connection is lost');
  }

  #fault(thrown: unknown): Error {
    this.#main?.heed(thrown);
    return thrown instanceof FuncatronError ? thrown : unavailable(this.#place, thrown);
  }
}

/** Our own entries have the field `b`, and `r` when they were handed over to a taker that is lost. */
function readOurs(fields: Buffer[]): Content {
  return { bytes: fields[1]!, headers: noHeaders, again: fields.length > 2 };
}
