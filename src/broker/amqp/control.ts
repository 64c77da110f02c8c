/** What reaches this process alone: its own queue, and the topics bound to it. */
import type { AsyncMessage, Channel } from 'rabbitmq-client';
import type { Link, Part } from './link.ts';

type Listener = (bytes: Buffer) => void;

export class Control implements Part {
  readonly isVital = true;
  readonly exchange: string;
  /** Gone with the connection; another one after it. */
  queue = '';
  readonly #link: Link;
  readonly #topics = new Map<string, Set<Listener>>();
  #channel: Channel | undefined;
  #era = 0;
  #onProbe: ((message: AsyncMessage) => void) | undefined;

  constructor(link: Link) {
    this.#link = link;
    this.exchange = link.name('topics');
  }

  async restore(): Promise<void> {
    if (this.#channel?.active) return;
    const channel = await this.#link.channel(this);
    await channel.exchangeDeclare({ exchange: this.exchange, type: 'direct', durable: true });
    // The server may not have noticed yet that the one before is gone.
    this.queue = this.#link.name('process', this.#link.id, this.#era++);
    await channel.queueDeclare({ queue: this.queue, exclusive: true });
    for (const topic of this.#topics.keys())
      await channel.queueBind({ exchange: this.exchange, queue: this.queue, routingKey: topic });
    await channel.basicConsume({ queue: this.queue, noAck: true }, (message) =>
      this.#hear(message),
    );
    this.#channel = channel;
  }

  /** The next message that is sent to the queue itself. */
  probed(): Promise<AsyncMessage> {
    return new Promise((resolve) => (this.#onProbe = resolve));
  }

  async subscribe(topic: string, listener: Listener): Promise<() => Promise<void>> {
    const known = this.#topics.get(topic);
    if (known) known.add(listener);
    else {
      this.#topics.set(topic, new Set([listener]));
      await this.#bind(topic);
    }
    return async () => {
      const listeners = this.#topics.get(topic);
      if (!listeners?.delete(listener) || listeners.size > 0) return;
      this.#topics.delete(topic);
      const { exchange, queue } = this;
      if (!this.#channel?.active) return;
      await this.#channel
        .queueUnbind({ exchange, queue, routingKey: topic })
        .catch(() => undefined);
    };
  }

  /** While the connection is away it is enough to know the topic. */
  async #bind(topic: string): Promise<void> {
    const { exchange, queue } = this;
    if (!this.#channel?.active) return;
    try {
      await this.#channel.queueBind({ exchange, queue, routingKey: topic });
    } catch (thrown) {
      if (!this.#link.isLost) throw this.#link.unavailable(thrown);
    }
  }

  #hear(message: AsyncMessage): void {
    if (message.exchange === '') return this.#onProbe?.(message);
    const bytes = message.body as Buffer;
    for (const listener of this.#topics.get(message.routingKey) ?? []) listener(bytes);
  }
}
