/**
 * RabbitMQ as a broker server, from 3.10 on. Calls are in transient queues and their replies in
 * none; jobs are in quorum queues, confirmed and acknowledged.
 */
import type { EventSource } from '../broker.ts';
import { CallSender } from './call.ts';
import { Control } from './control.ts';
import { takeAmqpEvents } from './event.ts';
import { AmqpIntake } from './intake.ts';
import { JobSender } from './job.ts';
import { Link } from './link.ts';
import { JobPlaces } from './place.ts';
import { readAmqpUrl } from './url.ts';
import type {
  Delivery,
  ForeignMessage,
  Intake,
  OpenTransport,
  Transport,
  TransportOptions,
} from '../remote/transport.ts';

export const openAmqp: OpenTransport = async (url, options) => {
  const place = await readAmqpUrl(url, options.id);
  return AmqpTransport.open(new Link(place, options), options);
};

class AmqpTransport implements Transport {
  /** What RabbitMQ 4 takes unless told otherwise; 3 takes eight times that. */
  readonly bytesMax = 16 * 2 ** 20;
  readonly redelivers = true;
  readonly hidesHandedOver = true;
  readonly #link: Link;
  readonly #control: Control;
  readonly #calls: CallSender;
  readonly #places: JobPlaces;
  readonly #jobs: JobSender;
  readonly #intakes = new Set<AmqpIntake>();

  private constructor(link: Link, options: TransportOptions) {
    this.#link = link;
    this.#control = new Control(link);
    this.#calls = new CallSender(link, this.#control, options.onReply);
    this.#places = new JobPlaces(link);
    this.#jobs = new JobSender(link, this.#places);
  }

  static async open(link: Link, options: TransportOptions): Promise<AmqpTransport> {
    const transport = new AmqpTransport(link, options);
    await link.open([transport.#control, transport.#calls, transport.#jobs]);
    return transport;
  }

  get inbox(): string {
    return this.#calls.inbox;
  }

  sendCall(queue: string, bytes: Buffer, ttlMs: number): Promise<void> {
    return this.#calls.send(queue, bytes, ttlMs);
  }

  sendReply(inbox: string, bytes: Buffer): Promise<void> {
    return this.#calls.reply(inbox, bytes);
  }

  sendJob(queue: string, bytes: Buffer, delayMs: number): Promise<void> {
    return this.#jobs.send(queue, bytes, delayMs);
  }

  async take(
    kind: 'call' | 'job',
    queue: string,
    window: number,
    onDelivery: (delivery: Delivery) => void,
  ): Promise<Intake> {
    const calls = this.#calls;
    const intake = new AmqpIntake(this.#link, window, {
      prepare: () => (kind === 'call' ? calls.declare(queue) : this.#useJobs(queue)),
      hand: ({ body, redelivered }, receipt) => {
        const ends = { ack: () => receipt.ack(), giveBack: () => receipt.giveBack() };
        onDelivery({ bytes: body as Buffer, redelivered, ...ends });
      },
      ...(kind === 'call' && {
        putBack: async ({ routingKey, body, expiration }) =>
          calls.putBack(routingKey, body as Buffer, expiration),
      }),
    });
    await this.#link.add(intake);
    return this.#keep(intake);
  }

  async takeEvents(
    source: EventSource,
    window: number,
    onEvent: (event: ForeignMessage) => void,
  ): Promise<Intake> {
    return this.#keep(await takeAmqpEvents(this.#link, source, window, onEvent));
  }

  broadcast(topic: string, bytes: Buffer): Promise<void> {
    return this.#jobs.broadcast(this.#control.exchange, topic, bytes);
  }

  subscribe(topic: string, onMessage: (bytes: Buffer) => void): Promise<() => Promise<void>> {
    return this.#control.subscribe(topic, onMessage);
  }

  async jobs(queue: string): Promise<number> {
    try {
      return await this.#places.count(queue);
    } catch (thrown) {
      throw this.#link.unavailable(thrown);
    }
  }

  async close(): Promise<void> {
    const intakes = [...this.#intakes];
    await Promise.all(intakes.map((intake) => intake.stop()));
    // Whoever waited for that gives back now what it has not begun.
    await new Promise(setImmediate);
    await Promise.all(intakes.map((intake) => intake.abandon()));
    if (!this.#link.isLost) await this.#tidy();
    await this.#link.close();
  }

  async #tidy(): Promise<void> {
    try {
      await Promise.all([this.#calls.tidy(), this.#places.tidy(this.#control.queue)]);
    } catch (err) {
      this.#link.log.warn({ err }, 'not every empty queue could be removed from the broker');
    }
  }

  async #useJobs(queue: string): Promise<string> {
    await this.#places.use(queue, this.#control.queue);
    return this.#places.name(queue);
  }

  #keep(intake: AmqpIntake): Intake {
    this.#intakes.add(intake);
    intake.onEnd = () => this.#intakes.delete(intake);
    return intake;
  }
}
