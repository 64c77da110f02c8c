/**
 * Calls and their replies. Replies go by RabbitMQ's direct reply-to, which has no queue: what
 * consumes `amq.rabbitmq.reply-to` gets an address, good until its channel closes, and told only as
 * the `reply-to` of a message published there. We have it told to us once, and tell it ourselves.
 */
import type { Channel, ReturnedMessage } from 'rabbitmq-client';
import type { Control } from './control.ts';
import { isRefusal } from './link.ts';
import type { Link, Part } from './link.ts';

const replyTo = 'amq.rabbitmq.reply-to';
const nothing = Buffer.alloc(0);
/** A queue that nobody takes from, and nobody makes sure of, is gone after so long. */
const unusedMs = 3_600_000;
const ttlMsMax = 2 ** 32 - 1;

export class CallSender implements Part {
  readonly isVital = true;
  inbox = '';
  readonly #link: Link;
  readonly #control: Control;
  readonly #onReply: (bytes: Buffer) => void;
  /** Queues that are there, by their names among us. */
  readonly #names = new Map<string, string>();
  readonly #declaring = new Map<string, Promise<void>>();
  readonly #refuse: (thrown: unknown) => never;
  #channel: Channel | undefined;

  constructor(link: Link, control: Control, onReply: (bytes: Buffer) => void) {
    this.#link = link;
    this.#control = control;
    this.#onReply = onReply;
    this.#refuse = (thrown) => {
      throw link.unavailable(thrown);
    };
  }

  async restore(): Promise<void> {
    if (this.#channel?.active) return;
    const channel = await this.#link.channel(this);
    channel.on('basic.return', (message) => void this.#sendAgain(message));
    await channel.basicConsume({ queue: replyTo, noAck: true }, ({ body }) =>
      this.#onReply(body as Buffer),
    );
    const gone = new Promise<never>((_resolve, reject) =>
      channel.once('close', () => reject(new Error('the connection is lost'))),
    );
    const probed = this.#control.probed();
    await channel.basicPublish({ routingKey: this.#control.queue, replyTo }, nothing);
    this.inbox = (await Promise.race([probed, gone])).replyTo!;
    gone.catch(() => undefined);
    this.#channel = channel;
  }

  send(queue: string, bytes: Buffer, ttlMs: number): Promise<void> {
    const name = this.#names.get(queue);
    const expiration = String(Math.ceil(Math.min(ttlMsMax, Math.max(1, ttlMs))));
    if (name === undefined) return this.#sendFirst(queue, bytes, expiration);
    return this.#publish(name, bytes, expiration);
  }

  reply(inbox: string, bytes: Buffer): Promise<void> {
    const channel = this.#channel;
    if (!channel?.active) throw this.#link.unavailable();
    this.#link.batch();
    return channel.basicPublish({ routingKey: inbox }, bytes).catch(this.#refuse);
  }

  /** Puts one back that was delivered and not begun: the server would say that it may have been. */
  putBack(name: string, bytes: Buffer, expiration: string | undefined): Promise<void> {
    return this.#publish(name, bytes, expiration ?? String(ttlMsMax));
  }

  /** Makes sure that a queue is there; resolves with its name in the server. */
  async declare(queue: string): Promise<string> {
    const name = this.#link.name('call', queue);
    await this.#declare(name);
    this.#names.set(queue, name);
    return name;
  }

  /** Removes the queues that nobody uses and nothing is in. */
  async tidy(): Promise<void> {
    await Promise.all(
      [...this.#names.values()].map(async (queue) => {
        const task = (channel: Channel) =>
          channel.queueDelete({ queue, ifUnused: true, ifEmpty: true });
        await this.#link.errand(task).catch((thrown: unknown) => {
          if (!isRefusal(thrown, 'PRECONDITION_FAILED', 'NOT_FOUND')) throw thrown;
        });
      }),
    );
  }

  #publish(routingKey: string, bytes: Buffer, expiration: string): Promise<void> {
    const channel = this.#channel;
    if (!channel?.active || this.#link.isBlocked) throw this.#link.unavailable();
    this.#link.batch();
    const envelope = { routingKey, mandatory: true, expiration };
    return channel.basicPublish(envelope, bytes).catch(this.#refuse);
  }

  async #sendFirst(queue: string, bytes: Buffer, expiration: string): Promise<void> {
    let name: string;
    try {
      name = await this.declare(queue);
    } catch (thrown) {
      throw this.#link.unavailable(thrown);
    }
    await this.#publish(name, bytes, expiration);
  }

  /** Its queue has gone since: unused for long, or with a node of the cluster. */
  async #sendAgain({ routingKey, body, expiration }: ReturnedMessage): Promise<void> {
    try {
      await this.#declare(routingKey);
      await this.#publish(routingKey, body as Buffer, expiration!);
    } catch (err) {
      this.#link.log.warn({ err, queue: routingKey }, 'a call could not be put in its queue again');
    }
  }

  #declare(queue: string): Promise<void> {
    let declaring = this.#declaring.get(queue);
    if (!declaring) {
      const args = { 'x-expires': unusedMs };
      declaring = this.#link
        .errand((channel) => channel.queueDeclare({ queue, arguments: args }))
        .then(() => undefined)
        .finally(() => this.#declaring.delete(queue));
      this.#declaring.set(queue, declaring);
    }
    return declaring;
  }
}
