/** Puts jobs in their queues: each is confirmed by the server, which has it on disk then. */
import type { Channel } from 'rabbitmq-client';
import { FuncatronError } from '../../errors.ts';
import { delayClass } from './place.ts';
import type { JobPlaces } from './place.ts';
import { isRefusal } from './link.ts';
import type { Link, Part } from './link.ts';

/** A queue without a majority of its nodes confirms nothing. */
const confirmMsMax = 10_000;
const attemptsMax = 5;
const delayMsMax = 2 ** 31;

export class JobSender implements Part {
  readonly isVital = true;
  readonly #link: Link;
  readonly #places: JobPlaces;
  /** Ids of messages that had no queue to go to. */
  readonly #returned = new Set<string>();
  #channel: Channel | undefined;
  #n = 0;

  constructor(link: Link, places: JobPlaces) {
    this.#link = link;
    this.#places = places;
  }

  async restore(): Promise<void> {
    if (this.#channel?.active) return;
    const channel = await this.#link.channel(this);
    const { exchange } = this.#places;
    await channel.exchangeDeclare({ exchange, type: 'direct', durable: true });
    await channel.confirmSelect();
    channel.on('basic.return', ({ messageId }) => messageId && this.#returned.add(messageId));
    this.#places.mend();
    this.#channel = channel;
  }

  async send(queue: string, bytes: Buffer, delayMs: number): Promise<void> {
    const delay = delayMs > 0 ? delayClass(delayMs) : undefined;
    const name = this.#places.name(queue, delay);
    const expiration =
      delay === undefined ? delay : String(Math.ceil(Math.min(delayMsMax, delayMs)));
    try {
      for (let attempt = 0; attempt < attemptsMax; attempt++) {
        if (!this.#places.isReady(name)) await this.#places.ensure(queue, delay);
        const now = Date.now();
        if (await this.#publish(name, bytes, expiration))
          return await this.#places.settled(name, now);
        this.#places.forget(queue, delay);
      }
    } catch (thrown) {
      if (isRefusal(thrown, 'NACK')) throw notKept(thrown);
      throw this.#link.unavailable(thrown);
    }
    throw this.#link.unavailable(new Error(`it keeps no queue ${name}`));
  }

  /** To everybody who has bound a queue of his own; resolves once the server has it there. */
  async broadcast(exchange: string, routingKey: string, bytes: Buffer): Promise<void> {
    const channel = this.#usable();
    try {
      await this.#confirmed(channel.basicPublish({ exchange, routingKey }, bytes));
    } catch (thrown) {
      throw this.#link.unavailable(thrown);
    }
  }

  /** False when there is no such queue. */
  async #publish(routingKey: string, bytes: Buffer, expiration?: string): Promise<boolean> {
    const channel = this.#usable();
    const { exchange } = this.#places;
    const messageId = String(this.#n++);
    const envelope = { exchange, routingKey, expiration, messageId, mandatory: true };
    this.#link.batch();
    await this.#confirmed(channel.basicPublish({ ...envelope, durable: true }, bytes));
    // The client tells of a return a turn later than of the confirmation that follows it.
    await new Promise(setImmediate);
    return !this.#returned.delete(messageId);
  }

  async #confirmed(publishing: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const error = new Error(`it did not confirm a message within ${confirmMsMax / 1000} s`);
      timer = setTimeout(() => reject(error), confirmMsMax);
    });
    try {
      await Promise.race([publishing, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #usable(): Channel {
    if (!this.#channel?.active || this.#link.isBlocked) throw this.#link.unavailable();
    return this.#channel;
  }
}

function notKept(cause: unknown): FuncatronError {
  const detail = 'RabbitMQ refuses to keep the call: a limit of its own (x-max-length) is reached';
  return new FuncatronError('journal_failed', detail, { cause });
}
