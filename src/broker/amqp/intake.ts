/**
 * Takes messages from one queue, over a channel of its own.
 *
 * RabbitMQ fixes a consumer's prefetch when it begins (`basic.qos` with global=false; global=true
 * is not for quorum queues). So the window is the sum of several consumers': a wider one gets one
 * more consumer, a narrower one ends them all and begins anew as what they had is acknowledged.
 */
import type { AsyncMessage, Channel } from 'rabbitmq-client';
import type { Link, Part } from './link.ts';
import type { Intake } from '../remote/transport.ts';

/** So many consumers are made one. */
const consumersMax = 12;
const prefetchMax = 65_535;

export interface IntakePlan {
  /** Makes sure that the queue is there; resolves with its name. */
  prepare: () => Promise<string>;
  hand: (message: AsyncMessage, receipt: Receipt) => void;
  /** Gives one back that was not begun; its receipt is to be acknowledged after that. */
  putBack?: (message: AsyncMessage) => Promise<void>;
  /** Before the channel is used. */
  adapt?: (channel: Channel) => void;
}

/** One channel, and what came over it. */
interface Era {
  channel: Channel;
  queue: string;
  taps: Tap[];
  inHand: number;
  /** Of `inHand`, what came by taps that are closed. */
  orphans: number;
}

/** One consumer in the server. */
interface Tap {
  era: Era;
  prefetch: number;
  consumerTag: string;
  isClosed: boolean;
}

export class AmqpIntake implements Intake, Part {
  readonly isVital = false;
  readonly #link: Link;
  readonly #plan: IntakePlan;
  readonly #backs = new Set<Promise<void>>();
  #window: number;
  #era: Era | undefined;
  #adjusting: Promise<void> | undefined;
  #isStale = false;
  #stopping: Promise<void> | undefined;
  #onEnd: () => void = () => {};

  constructor(link: Link, window: number, plan: IntakePlan) {
    this.#link = link;
    this.#window = window;
    this.#plan = plan;
  }

  async restore(): Promise<void> {
    if (this.#era?.channel.active || this.#stopping) return;
    const queue = await this.#plan.prepare();
    const channel = await this.#link.channel(this);
    this.#plan.adapt?.(channel);
    // The server has deleted the queue, or moved it.
    channel.once('basic.cancel', () => void channel.close());
    this.#era = { channel, queue, taps: [], inHand: 0, orphans: 0 };
    await this.#adjust();
  }

  setWindow(window: number): void {
    this.#window = window;
    this.#adjust().catch((err: unknown) => this.#failed(err));
  }

  /** Heard when it has stopped and nothing is in hand any more. */
  set onEnd(listener: () => void) {
    this.#onEnd = listener;
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  /** Gives back what is in hand, to others. */
  async abandon(): Promise<void> {
    await Promise.all(this.#backs);
    await this.#end();
  }

  settle(tap: Tap, message: AsyncMessage, isDone: boolean): void {
    const { era } = tap;
    // What came over a channel that is gone is in its queue again.
    if (era !== this.#era || !era.channel.active) return;
    if (!isDone && this.#plan.putBack) {
      // Not begun, so not to be marked as redelivered.
      const back = this.#plan.putBack(message).then(
        () => this.#acknowledge(tap, message, true),
        () => this.#acknowledge(tap, message, false),
      );
      this.#backs.add(back);
      void back.finally(() => this.#backs.delete(back));
    } else this.#acknowledge(tap, message, isDone);
  }

  #acknowledge(tap: Tap, { deliveryTag }: AsyncMessage, isDone: boolean): void {
    const { era } = tap;
    era.inHand--;
    if (tap.isClosed) era.orphans--;
    if (!era.channel.active) return;
    this.#link.batch();
    try {
      if (isDone) era.channel.basicAck({ deliveryTag });
      else era.channel.basicNack({ deliveryTag, requeue: true });
    } catch (err) {
      this.#failed(err);
    }
    if (!this.#stopping) {
      if (tap.isClosed) this.#adjust().catch((thrown: unknown) => this.#failed(thrown));
    } else if (era.inHand === 0) void this.#end();
  }

  async #stop(): Promise<void> {
    this.#link.drop(this);
    await this.#adjusting?.catch(() => undefined);
    const era = this.#era;
    if (!era?.channel.active) return this.#onEnd();
    await this.#closeTaps(era).catch((err: unknown) => this.#failed(err));
    // The client hands over a little later what came before the end.
    await new Promise(setImmediate);
    if (era.inHand === 0) await this.#end();
  }

  async #end(): Promise<void> {
    await this.#era?.channel.close();
    this.#onEnd();
  }

  #adjust(): Promise<void> {
    if (this.#adjusting) {
      this.#isStale = true;
      return this.#adjusting;
    }
    return (this.#adjusting = this.#run().finally(() => (this.#adjusting = undefined)));
  }

  async #run(): Promise<void> {
    do {
      this.#isStale = false;
      const era = this.#era;
      if (!era?.channel.active || this.#stopping) return;
      const isMany = era.taps.length > consumersMax;
      if (isMany || roomOf(era) > this.#window) await this.#closeTaps(era);
      const free = Math.min(prefetchMax, this.#window - roomOf(era));
      // At least half of what is missing at a time, so that there are few.
      if (free > 0 && (era.taps.length === 0 || free >= era.orphans))
        await this.#openTap(era, free);
    } while (this.#isStale);
  }

  async #openTap(era: Era, prefetch: number): Promise<void> {
    const { channel, queue } = era;
    const tap: Tap = { era, prefetch, consumerTag: '', isClosed: false };
    era.taps.push(tap);
    await channel.basicQos({ prefetchCount: prefetch });
    const { consumerTag } = await channel.basicConsume({ queue }, (message) =>
      this.#arrive(tap, message),
    );
    tap.consumerTag = consumerTag;
  }

  async #closeTaps(era: Era): Promise<void> {
    const taps = era.taps.splice(0);
    for (const tap of taps) tap.isClosed = true;
    era.orphans = era.inHand;
    for (const { consumerTag } of taps) await era.channel.basicCancel(consumerTag);
  }

  #arrive(tap: Tap, message: AsyncMessage): void {
    const { era } = tap;
    if (era !== this.#era) return;
    era.inHand++;
    if (tap.isClosed) era.orphans++;
    const receipt = new Receipt(this, tap, message);
    if (this.#stopping) receipt.giveBack();
    else this.#plan.hand(message, receipt);
  }

  #failed(err: unknown): void {
    if (!this.#link.isLost) this.#link.log.warn({ err }, 'a consumer of the broker failed');
  }
}

/** How a delivery ends; only the first of several ends counts. */
export class Receipt {
  readonly #intake: AmqpIntake;
  readonly #tap: Tap;
  #message: AsyncMessage | undefined;

  constructor(intake: AmqpIntake, tap: Tap, message: AsyncMessage) {
    this.#intake = intake;
    this.#tap = tap;
    this.#message = message;
  }

  ack(): void {
    this.#end(true);
  }

  giveBack(): void {
    this.#end(false);
  }

  #end(isDone: boolean): void {
    const message = this.#message;
    this.#message = undefined;
    if (message) this.#intake.settle(this.#tap, message, isDone);
  }
}

/** What may be in hand at once, as things are in the server now. */
function roomOf({ taps, orphans }: Era): number {
  let room = orphans;
  for (const { prefetch } of taps) room += prefetch;
  return room;
}
