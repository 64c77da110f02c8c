/**
 * Takes the records of one topic with the others of its share group.
 *
 * One request at a time goes over a connection of its own: it acknowledges what is done, and waits
 * for as many records as there is room for. The broker locks a record for its taker, and gives it to
 * another when the taker's connection breaks, or when the lock is not renewed.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../log.ts';
import { codeOf, codes } from './link.ts';
import type { KafkaLink } from './link.ts';
import { KafkaOffsets } from './offset.ts';
import { HeldRecords } from './held.ts';
import type { Held } from './held.ts';
import { KafkaMember } from './member.ts';
import { acquiredOf, batchesOf } from './record.ts';
import type { TakenRecord } from './record.ts';
import type { Pace } from './pace.ts';
import type { KafkaSender } from './send.ts';
import { accept, renew, shareAcknowledge, shareFetch } from './share.ts';
import type { AckBatch, Shared } from './share.ts';
import { bytesMax } from './topic.ts';
import type { KafkaTopics, TopicKind } from './topic.ts';
import type { Delivery, Intake } from '../remote/transport.ts';

/** A request waits so long for records; the shorter while something may be acknowledged soon. */
const idleMs = 500;
const busyMs = 100;
const backoffMsMax = 2000;
/** Kafka drops a record at its fifth delivery, by default: it gets a new one in time. */
const deliveriesMax = 4;
/** In the headers of a record that was sent anew: it had been handed over. */
const againHeader = Buffer.from('again');
const trimEvery = 5000;

export interface TakeOptions {
  kind: TopicKind;
  topic: string;
  window: number;
  log: Log;
  /** A queue's calls go before its jobs, and both have the same. */
  pace?: Pace;
  onRecord(record: TakenRecord, delivery: Delivery): void;
  /** It was stopped, and all it had is done. */
  onEnd?(): void;
}

export class KafkaTake implements Intake {
  readonly topic: string;
  readonly #link: KafkaLink;
  readonly #topics: KafkaTopics;
  readonly #sender: KafkaSender;
  readonly #options: TakeOptions;
  readonly #held = new HeldRecords();
  readonly #sending = new Set<Promise<void>>();
  #window: number;
  #member: KafkaMember | undefined;
  #lockMs = 30_000;
  #term = -1;
  #topicId = '';
  /** Records before it may have been handed over when their broker was lost. */
  #doubtful = 0n;
  #isWoken = false;
  #onWoken: () => void = () => undefined;
  #isStopped = false;
  #isOver = false;
  #turn: Promise<unknown> | undefined;
  #running: Promise<void> | undefined;
  #untrimmed = 0;

  constructor(link: KafkaLink, topics: KafkaTopics, sender: KafkaSender, options: TakeOptions) {
    this.topic = options.topic;
    this.#link = link;
    this.#topics = topics;
    this.#sender = sender;
    this.#options = options;
    this.#window = options.window;
  }

  /** Joins; rejects with `broker_unavailable` when that is impossible. */
  async start(): Promise<this> {
    const { kind, pace } = this.#options;
    if (kind === 'call') pace?.begin();
    try {
      await this.#join();
      if (kind === 'call') pace?.begun();
    } catch (thrown) {
      pace?.end();
      await this.#leave();
      throw this.#link.unavailable(thrown);
    }
    this.#running = this.#run();
    return this;
  }

  setWindow(window: number): void {
    this.#window = window;
    this.#wake();
  }

  /** Whoever waits for records now gets none. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#options.pace?.end();
    this.#wake();
    await this.#turn?.catch(() => undefined);
  }

  /** Ends it, after what is done was acknowledged; others get what is not. */
  async close(): Promise<void> {
    await this.stop();
    await Promise.all(this.#sending);
    this.#isOver = true;
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    let backoffMs = 0;
    while (!this.#isOver || (this.#held.doneCount > 0 && this.#member)) {
      if (this.#isStopped && this.#held.open === 0 && this.#held.doneCount === 0) break;
      try {
        const member = this.#member ?? (await this.#join());
        this.#turn = this.#ask(member);
        if (!(await this.#turn)) await this.#idle();
        backoffMs = 0;
      } catch (err) {
        this.#turn = undefined;
        this.#options.log.debug({ err, topic: this.topic }, 'taking from Kafka is interrupted');
        void this.#leave();
        if (this.#isOver) break;
        backoffMs = Math.min(backoffMsMax, backoffMs * 2 + 50);
        await Promise.race([sleep(backoffMs), this.#woken()]);
      }
    }
    await this.#leave();
    this.#trim(1);
    this.#options.onEnd?.();
  }

  /** One request. False when there was nothing to ask for. */
  async #ask(member: KafkaMember): Promise<boolean> {
    const { group, id, topicId, connection } = member;
    const { kind, pace } = this.#options;
    await this.#renew(member);
    const room = this.#isStopped ? 0 : this.#window - this.#held.open;
    if (room > 0 && kind === 'job') await pace?.turn();
    // The first request of a session can only fetch.
    if (room <= 0 && (this.#held.doneCount === 0 || member.epoch === 0)) return false;
    const offsets = member.epoch === 0 ? [] : this.#held.takeDone();
    const acks = batchesOf(offsets, accept);
    const topic = { topicId, acks };
    const epoch = member.epoch++;
    const waitMs = this.#held.open > 0 || offsets.length > 0 ? busyMs : idleMs;
    const shared =
      room > 0
        ? await shareFetch.async(connection, group, id, epoch, topic, waitMs, bytesMax, room)
        : await shareAcknowledge.async(connection, group, id, epoch, topic, false);
    await this.#acknowledged(member, acks, shared);
    this.#held.forget(offsets);
    this.#trim(trimEvery, offsets.length);
    this.#accept(shared);
    return true;
  }

  /** One refused acknowledgement has them all refused: then each is sent alone. */
  async #acknowledged(member: KafkaMember, acks: AckBatch[], shared: Shared): Promise<void> {
    if (shared.ackError === 0) return;
    const { group, id, topicId, connection } = member;
    for (const { first, last, type } of acks)
      for (let offset = first; offset <= last; offset++) {
        const topic = { topicId, acks: [{ first: offset, last: offset, type }] };
        await shareAcknowledge.async(connection, group, id, member.epoch++, topic, false);
      }
  }

  #accept(shared: Shared): void {
    this.#lockMs = shared.lockMs || this.#lockMs;
    if (shared.error !== 0) throw new Error(`Kafka refuses a fetch with code ${shared.error}`);
    for (const record of acquiredOf(shared))
      if (!this.#held.cameBack(record.offset)) this.#begin(record);
  }

  #begin(record: TakenRecord): void {
    const held = this.#held.add(record);
    if (this.#options.kind === 'call') this.#options.pace?.tick();
    const isAgain =
      record.deliveries > 1 ||
      record.offset < this.#doubtful ||
      record.headers.some(([name]) => name?.equals(againHeader));
    if (record.value === null || (this.#options.kind === 'call' && record.time <= Date.now()))
      return this.#end(held);
    if (record.deliveries >= deliveriesMax) return this.#sendAnew(held, true);
    if (this.#isStopped) return this.#sendAnew(held, isAgain);
    const isOnce = (end: () => void) => () => {
      if (held.isSettled) return;
      held.isSettled = true;
      end();
    };
    this.#options.onRecord(record, {
      bytes: record.value,
      redelivered: isAgain,
      ack: isOnce(() => this.#end(held)),
      // Released, it would count as handed over: a new one is as if it had never been taken.
      giveBack: isOnce(() => this.#sendAnew(held, isAgain)),
    });
  }

  #end(held: Held): void {
    this.#held.end(held);
    this.#wake();
  }

  #sendAnew(held: Held, isAgain: boolean): void {
    const { kind, topic, log } = this.#options;
    const { value, time } = held.record;
    const headers = new Map(isAgain ? [[againHeader, Buffer.alloc(0)]] : []);
    const message = { value: value!, time, headers };
    const sending = this.#sender
      .send(kind, topic, message, kind === 'call' ? 1 : -1)
      .then(() => this.#end(held))
      .catch((err: unknown) => {
        // Whoever has its lock when this connection ends is another.
        log.warn({ err, topic }, 'what was not begun could not be given back at once');
        this.#held.drop(held);
        this.#wake();
      })
      .finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
  }

  /** Locks that would end soon. */
  async #renew(member: KafkaMember): Promise<void> {
    const { group, id, topicId, connection } = member;
    const due = member.epoch > 0 ? this.#held.renew(this.#lockMs / 3) : [];
    if (due.length === 0) return;
    const acks = batchesOf(due, renew);
    await shareAcknowledge.async(connection, group, id, member.epoch++, { topicId, acks }, true);
  }

  async #join(): Promise<KafkaMember> {
    const { kind, topic } = this.#options;
    this.#link.forget(topic);
    const place = await this.#topics.ensure(kind, topic);
    const { epoch, node } = place.leaders[0]!;
    // Kafka forgets with a broker which records were handed over.
    if (this.#topicId === place.id && epoch !== this.#term)
      this.#doubtful = await new KafkaOffsets(this.#link).endOfTerm(place, this.#term);
    this.#term = epoch;
    const connection = await this.#link.own(node, () => this.#wake());
    const id = randomUUID();
    // Made anew, it has other records at the same offsets.
    if (this.#topicId !== place.id) {
      this.#held.clear();
      this.#doubtful = 0n;
    }
    this.#topicId = place.id;
    const member = new KafkaMember(this.#link, { group: topic, id, topicId: place.id, connection });
    this.#member = member;
    await member.join();
    return member;
  }

  async #leave(): Promise<void> {
    const member = this.#member;
    this.#member = undefined;
    this.#held.lose();
    await member?.leave();
  }

  /** Until there is something to do; never longer than a lock lasts. */
  async #idle(): Promise<void> {
    const timer = setTimeout(() => this.#wake(), this.#lockMs / 6);
    await this.#woken();
    clearTimeout(timer);
    this.#member?.check();
  }

  async #woken(): Promise<void> {
    if (!this.#isWoken) await new Promise<void>((resolve) => (this.#onWoken = resolve));
    this.#isWoken = false;
  }

  #wake(): void {
    this.#isWoken = true;
    this.#onWoken();
  }

  #trim(every: number, count = 0): void {
    this.#untrimmed += count;
    if (this.#untrimmed < every || this.#options.kind === 'call') return;
    this.#untrimmed = 0;
    this.#topics.trim(this.topic).catch((err: unknown) => {
      if (codeOf(err) !== codes.unknownTopic && !this.#isOver)
        this.#options.log.debug({ err, topic: this.topic }, 'a topic could not be trimmed');
    });
  }
}
