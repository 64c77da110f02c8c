/**
 * The processes that share a namespace of a broker server. Each says every second that it is there;
 * one that has been silent for four is lost, and with it what it had in hand.
 */
import type { Log } from '../../log.ts';
import { decodePacket, encodePacket } from './packet.ts';
import type { PeerPacket } from './packet.ts';
import type { Transport } from './transport.ts';

const presenceMs = 1000;
const doubtedAfterMs = 2000;
const lostAfterMs = 4000;
const topic = 'presence';

interface PeerEvents {
  onLost(id: string): void;
  onCensus(census: Extract<PeerPacket, { t: 'census' }>): void;
}

export class Peers {
  readonly #transport: Transport;
  readonly #id: string;
  readonly #log: Log;
  readonly #events: PeerEvents;
  readonly #seen = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #tickedAt = 0;
  #stop: (() => Promise<void>) | undefined;

  constructor(transport: Transport, id: string, log: Log, events: PeerEvents) {
    this.#transport = transport;
    this.#id = id;
    this.#log = log;
    this.#events = events;
  }

  async start(): Promise<void> {
    this.#stop = await this.#transport.subscribe(topic, (bytes) => this.#hear(bytes));
    this.#tickedAt = performance.now();
    this.#timer = setInterval(() => this.#tick(), presenceMs);
    this.#timer.unref();
    await this.#say({ t: 'presence', id: this.#id });
  }

  /** How many are there, this one included. */
  get count(): number {
    return this.#seen.size + (this.#seen.has(this.#id) ? 0 : 1);
  }

  /** Nobody could be heard for a while: that was not their fault. */
  forgive(): void {
    const now = performance.now();
    for (const id of this.#seen.keys()) this.#seen.set(id, now);
  }

  async askAll(n: number, inbox: string, queue: string): Promise<void> {
    await this.#say({ t: 'census', n, inbox, queue });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#say({ t: 'presence', id: this.#id, isGone: true }).catch(() => undefined);
    await this.#stop?.();
  }

  async #say(packet: PeerPacket): Promise<void> {
    await this.#transport.broadcast(topic, encodePacket(packet));
  }

  #hear(bytes: Buffer): void {
    const { head } = decodePacket(bytes);
    if (head.t === 'census') return this.#events.onCensus(head);
    if (head.t !== 'presence') return;
    if (!head.isGone) this.#seen.set(head.id, performance.now());
    else if (this.#seen.delete(head.id)) this.#events.onLost(head.id);
  }

  #tick(): void {
    const now = performance.now();
    // A process that stood still itself has heard nobody.
    if (now - this.#tickedAt > 2 * presenceMs) this.forgive();
    this.#tickedAt = now;
    for (const [id, seenAt] of this.#seen) {
      const silentMs = now - seenAt;
      if (id === this.#id || silentMs < doubtedAfterMs) continue;
      this.#transport.doubt?.(id);
      if (silentMs < lostAfterMs) continue;
      this.#seen.delete(id);
      this.#log.warn({ peer: id }, 'a process of this namespace is silent: what it had is lost');
      this.#events.onLost(id);
    }
    this.#say({ t: 'presence', id: this.#id }).catch(() => undefined);
  }
}
