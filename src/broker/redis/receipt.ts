/**
 * What becomes of the entries a taker has. An entry is *held* until the server has confirmed that
 * it is acknowledged or given back; what the server did not get is said again.
 */
import type { Log } from '../../log.ts';
import { isRefusal } from './fault.ts';
import type { Link } from './link.ts';
import { givenUpMs, requeueScript } from './script.ts';

export interface Stream {
  /** An `event` stream is not ours: nothing is deleted from it. */
  kind: 'call' | 'job' | 'event';
  key: string;
  group: string;
  taker: string;
}

interface Returned {
  id: string;
  redelivered: boolean;
}

export class Receipts {
  readonly #stream: Stream;
  readonly #main: Link;
  readonly #log: Log;
  readonly #held = new Set<string>();
  #acks: string[] = [];
  #returned: Returned[] = [];
  #isFlushDue = false;
  #flushing: Promise<unknown> = Promise.resolve();

  constructor(stream: Stream, main: Link, log: Log) {
    this.#stream = stream;
    this.#main = main;
    this.#log = log;
  }

  hold(id: string): void {
    this.#held.add(id);
  }

  holds(id: string): boolean {
    return this.#held.has(id);
  }

  ack(id: string): void {
    this.#acks.push(id);
    this.#flushSoon();
  }

  giveBack(id: string, redelivered: boolean): void {
    this.#returned.push({ id, redelivered });
    this.#flushSoon();
  }

  /** Says what has not been said; resolves when it and all before is settled. Never rejects. */
  flush(): Promise<unknown> {
    this.#isFlushDue = false;
    if (!this.#main.isUp) return this.#flushing;
    const [acks, returned] = [this.#acks, this.#returned];
    this.#acks = [];
    this.#returned = [];
    const sent: Promise<void>[] = [];
    if (acks.length > 0) sent.push(this.#sendAcks(acks));
    for (const one of returned) sent.push(this.#sendBack(one));
    if (sent.length > 0) this.#flushing = Promise.all([this.#flushing, ...sent]);
    return this.#flushing;
  }

  /** All that ends in one turn of the event loop is said at once. */
  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    process.nextTick(() => void this.flush());
  }

  async #sendAcks(ids: string[]): Promise<void> {
    const { key, group, kind } = this.#stream;
    const sent = [this.#main.command(['XACK', key, group, ...ids])];
    if (kind !== 'event') sent.push(this.#main.command(['XDEL', key, ...ids]));
    try {
      await Promise.all(sent);
    } catch (thrown) {
      if (this.#isUnsaid(thrown)) return void this.#acks.push(...ids);
    }
    for (const id of ids) this.#held.delete(id);
  }

  async #sendBack(one: Returned): Promise<void> {
    const { key, group, taker, kind } = this.#stream;
    const { id, redelivered } = one;
    const how = ['IDLE', String(givenUpMs), 'JUSTID'];
    try {
      // From a stream that is not ours, the next beat of whoever has room takes it.
      if (kind === 'event')
        await this.#main.command(['XCLAIM', key, group, taker, '0', id, ...how]);
      else await this.#main.run(requeueScript, [key], [group, id, redelivered ? '1' : '']);
    } catch (thrown) {
      if (this.#isUnsaid(thrown)) return void this.#returned.push(one);
    }
    this.#held.delete(id);
  }

  /** A server that has lost the group has lost its entries too. */
  #isUnsaid(thrown: unknown): boolean {
    if (isRefusal(thrown, 'NOGROUP')) return false;
    const stream = this.#stream.key;
    if (isRefusal(thrown))
      this.#log.warn({ err: thrown, stream }, 'messages could not be acknowledged; tried again');
    return true;
  }
}
