/** The connection to a NATS server, which makes itself anew, and how we name things in the server. */
import type { Msg, NatsConnection, Status, Subscription } from '@nats-io/transport-node';
import { FuncatronError } from '../../errors.ts';
import type { TransportOptions } from '../remote/transport.ts';

/** What is said while the connection is away waits in memory up to here. */
const keptBytesMax = 64 * 2 ** 20;

interface Kept {
  subject: string;
  bytes: Uint8Array | string;
}

export class Link {
  readonly nc: NatsConnection;
  readonly log: TransportOptions['log'];
  readonly namespace: string;
  readonly id: string;
  /** Without what is secret. */
  readonly shown: string;
  isLost = false;
  /** How often the connection was made anew: the server may know a former one for a while yet. */
  epoch = 0;
  readonly #options: TransportOptions;
  readonly #onLost: (() => void)[] = [];
  readonly #onRestored = new Set<() => void>();
  readonly #onLeave = new Set<() => void>();
  #kept: Kept[] = [];
  #keptBytes = 0;

  constructor(nc: NatsConnection, shown: string, options: TransportOptions) {
    this.nc = nc;
    this.shown = shown;
    this.log = options.log;
    this.namespace = options.namespace;
    this.id = options.id;
    this.#options = options;
    void this.#watch(nc.status());
  }

  /** A subject of ours, for one kind of thing. */
  subject(kind: string, ...names: string[]): string {
    return [this.namespace, kind, ...names.map(tokenOf)].join('.');
  }

  listen(subject: string, onMessage: (msg: Msg) => void, queue?: string): Subscription {
    const callback = (err: Error | null, msg: Msg): void => {
      if (err) return this.log.error({ err, subject }, 'the NATS server refuses a subscription');
      try {
        onMessage(msg);
      } catch (thrown) {
        // The client would stop reading.
        this.log.error({ err: thrown, subject }, 'a message from NATS could not be taken');
      }
    };
    return this.nc.subscribe(subject, { callback, ...(queue !== undefined && { queue }) });
  }

  /**
   * Publishes now, or as soon as the connection is back: for what must not get lost with it. Once all
   * is closed it comes too late, and nothing happens.
   */
  say(subject: string, bytes: Uint8Array | string): void {
    if (this.nc.isClosed()) return;
    if (!this.isLost) return this.nc.publish(subject, bytes);
    if (this.#keptBytes + bytes.length > keptBytesMax)
      return this.log.debug({ subject }, 'a message is dropped: too many wait for the NATS server');
    this.#kept.push({ subject, bytes });
    this.#keptBytes += bytes.length;
  }

  /** Hears before the broker above does. */
  onLost(listener: () => void): void {
    this.#onLost.push(listener);
  }

  /** Returns what undoes it; so does the next. */
  onRestored(listener: () => void): () => void {
    this.#onRestored.add(listener);
    return () => void this.#onRestored.delete(listener);
  }

  /** Hears when there is just time for the last words. */
  onLeave(listener: () => void): () => void {
    this.#onLeave.add(listener);
    return () => void this.#onLeave.delete(listener);
  }

  leave(): void {
    for (const listener of [...this.#onLeave]) listener();
  }

  unavailable(cause?: unknown): FuncatronError {
    const why = cause instanceof Error ? `: ${cause.message}` : '';
    const detail = `the NATS server at ${this.shown} cannot be reached${why}`;
    const headers = { 'retry-after': '1' };
    return new FuncatronError('broker_unavailable', detail, { cause, headers });
  }

  /** Nothing is heard of the connection from now on. */
  async close(): Promise<void> {
    this.#onLost.length = 0;
    this.#onRestored.clear();
    await this.nc.close();
  }

  async #watch(statuses: AsyncIterable<Status>): Promise<void> {
    let cause: Error | undefined;
    for await (const status of statuses) {
      if (status.type === 'error') cause = status.error;
      else if (status.type === 'disconnect') this.#lose(cause);
      else if (status.type === 'reconnect') void this.#restore();
    }
  }

  #lose(cause: Error | undefined): void {
    if (this.isLost || this.nc.isClosed()) return;
    this.isLost = true;
    for (const listener of this.#onLost) listener();
    this.#options.onLost(this.unavailable(cause));
  }

  async #restore(): Promise<void> {
    // What was subscribed has been sent again; only now does the server know it.
    const isThere = await this.nc.flush().then(
      () => true,
      () => false,
    );
    if (!isThere || !this.isLost) return;
    this.isLost = false;
    this.epoch++;
    for (const { subject, bytes } of this.#kept) this.nc.publish(subject, bytes);
    this.#kept = [];
    this.#keptBytes = 0;
    for (const listener of [...this.#onRestored]) listener();
    this.#options.onRestored();
  }
}

/** A name as one token of a subject, and as part of the name of a stream or consumer. */
export function tokenOf(name: string): string {
  return name.replaceAll(
    /[^\w-]/gu,
    (letter) => `=${Buffer.from(letter).toString('hex').toUpperCase()}`,
  );
}

/** What came, without a copy. */
export function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
