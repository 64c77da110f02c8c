/**
 * The other Trons on the same broker, and what this one says of itself to them and to the nodes.
 * All have the same store: one with another would have nodes serve what this one knows nothing of.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { heartbeatMs } from '../control/node.ts';
import { versions } from '../control/line.ts';
import type { ControlLine } from '../control/line.ts';
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ControlMessage, StatsDServer } from '../message.ts';

const forgottenAfterMs = 35_000;
/** Other Trons get so long to answer a new one. */
const hearMs = 300;

export interface Peer {
  id: string;
  url: string;
  fetchKey: string;
  leads: boolean;
  /** Milliseconds since 1970. */
  lastSeen: number;
}

export interface PeerOptions {
  line: ControlLine;
  log: Log;
  /** There can be no other. */
  alone: boolean;
  /** What this Tron says of itself. */
  about(): { url: string; fetchKey: string; leads: boolean; statsd: StatsDServer | null };
  onStatsD(server: StatsDServer | null): void;
  /** While there are others, every ten seconds. */
  onBeat(): void;
  onPeerGone(): void;
  /** The id of this Tron's store. */
  storeId(): string;
}

export class Peers {
  readonly #options: PeerOptions;
  readonly #peers = new Map<string, Peer>();
  readonly #strangers = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PeerOptions) {
    this.#options = options;
  }

  /** Rejects with `option_invalid` when Trons with another store are there. */
  async start(): Promise<void> {
    const { line, alone } = this.#options;
    if (alone) return;
    await line.listen('control', (message) => this.#hear(message));
    await line.send('tron-info', { ...this.#about(), asks: true, isNew: true });
    await sleep(hearMs);
    const [stranger] = this.#strangers;
    if (stranger === undefined) return;
    throw new FuncatronError(
      'option_invalid',
      `Tron ${stranger} on this broker has another store: give both the same --store, ` +
        'or one of them another --namespace or broker',
    );
  }

  /** Says every ten seconds that this Tron is there. */
  beat(): void {
    this.tell();
    const beat = (): void => {
      this.tell();
      if (this.list().length > 0) this.#options.onBeat();
    };
    this.#timer = setInterval(beat, heartbeatMs).unref();
  }

  /** Says what this Tron is, to everybody or to one node. */
  tell(to?: string): void {
    const { line, log } = this.#options;
    line
      .send('tron-info', { ...this.#about(), ...(to !== undefined && { to }) })
      .catch((err: unknown) => log.warn({ err }, 'the nodes cannot be reached'));
  }

  list(): Peer[] {
    const oldest = Date.now() - forgottenAfterMs;
    for (const { id, lastSeen } of this.#peers.values()) if (lastSeen < oldest) this.#forget(id);
    return [...this.#peers.values()];
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#options.line.send('tron-died').catch(() => undefined);
  }

  #about() {
    return { ...this.#options.about(), versions };
  }

  #hear(message: ControlMessage): void {
    const { storeId, onStatsD } = this.#options;
    if (message.store !== undefined && message.store !== storeId()) return this.#warn(message);
    switch (message.action) {
      case 'tron-info':
        return this.#meet(message);
      case 'tron-died':
        return this.#forget(message.from);
      case 'set-statsd':
        return onStatsD((message.statsd as StatsDServer | undefined) ?? null);
    }
  }

  #meet({ from: id, url, fetchKey, leads, asks, isNew }: ControlMessage): void {
    const { log } = this.#options;
    if (asks === true) this.tell(id);
    // Before it listens it may yet be refused.
    if (isNew === true || typeof url !== 'string' || typeof fetchKey !== 'string') return;
    if (!this.#peers.has(id)) log.info({ tron: id, url }, 'another Tron is here');
    const lastSeen = Date.now();
    this.#peers.set(id, { id, url, fetchKey, leads: leads === true, lastSeen });
  }

  #forget(id: string): void {
    if (!this.#peers.delete(id)) return;
    this.#options.log.info({ tron: id }, 'another Tron is gone');
    this.#options.onPeerGone();
  }

  #warn({ from, action, asks }: ControlMessage): void {
    const { log } = this.#options;
    // So that it can hear it, too.
    if (asks === true) this.tell(from);
    if (this.#strangers.has(from)) return;
    this.#strangers.add(from);
    const text = 'a Tron on this broker has another store: one of the two must go';
    log.error({ tron: from, action }, text);
  }
}
