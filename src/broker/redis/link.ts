/**
 * One connection to a Redis server. It is made again for ever when it is lost, or silent; commands
 * meanwhile are refused, never kept: who sent them knows best whether they are still wanted.
 */
import { createClient, RESP_TYPES } from '@redis/client';
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRefusal, unavailable } from './fault.ts';
import type { RedisScript } from './script.ts';
import type { RedisPlace } from './url.ts';

const connectMs = 5000;
const watchMs = 1000;
/** A connection on which no ping was answered for so long is made anew. */
const silenceMs = 6000;
const againMsMin = 20;
const againMsMax = 1000;
const settleMs = 50;

/** What the server answers: maps come as lists, strings of bytes as buffers. */
export type RedisReply = Buffer | string | number | null | RedisReply[];

export interface LinkEvents {
  /** It was there and is not any more. */
  onLost(error: Error): void;
  /** It is there again, with its subscriptions. */
  onRestored(): void;
}

type Client = ReturnType<typeof createUntyped>;
type Listener = (bytes: Buffer) => void;

export class Link {
  readonly #place: RedisPlace;
  readonly #name: string;
  readonly #events: LinkEvents;
  readonly #waiting: (() => void)[] = [];
  readonly #listeners = new Map<Listener, string>();
  readonly #timer: NodeJS.Timeout;
  #client: Client;
  #isUp = false;
  #isOpened = false;
  #wasUp = false;
  #isClosed = false;
  #isPinged = false;
  /** The client makes subscriptions again by itself; a new one has none. */
  #isSubscribed = true;
  #watchedAt = performance.now();
  #heardAt = performance.now();

  private constructor(place: RedisPlace, name: string, events: LinkEvents) {
    this.#place = place;
    this.#name = name;
    this.#events = events;
    this.#client = this.#create();
    this.#timer = setInterval(() => this.#watch(), watchMs).unref();
  }

  /** Rejects with `broker_unavailable`. */
  static async open(place: RedisPlace, name: string, events: LinkEvents): Promise<Link> {
    const link = new Link(place, name, events);
    try {
      await link.#client.connect();
    } catch (thrown) {
      const cause = link.#isClosed ? silent() : thrown;
      link.close();
      throw unavailable(place, cause);
    }
    link.#isOpened = true;
    await link.up();
    return link;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Resolves when it is there, or closed. */
  up(): Promise<void> {
    if (this.#isUp || this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Rejects with what the server said, or as the connection broke: see `redis-fault.ts`. */
  command(args: (string | Buffer)[]): Promise<RedisReply> {
    return this.#client.sendCommand<RedisReply>(args);
  }

  /** Runs a script; the server learns its text when it does not know it. */
  async run(
    { sha1, text }: RedisScript,
    keys: string[],
    args: (string | Buffer)[],
  ): Promise<RedisReply> {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await this.command(['EVALSHA', sha1, ...rest]);
    } catch (thrown) {
      this.heed(thrown);
      if (!isRefusal(thrown, 'NOSCRIPT')) throw thrown;
      return this.command(['EVAL', text, ...rest]);
    }
  }

  async subscribe(channel: string, listener: Listener): Promise<void> {
    await this.#client.subscribe(channel, listener, true);
    this.#listeners.set(listener, channel);
  }

  async unsubscribe(channel: string, listener: Listener): Promise<void> {
    this.#listeners.delete(listener);
    await this.#client.unsubscribe(channel, listener, true);
  }

  /** A server that has become a replica takes no writes: another has its name now. */
  heed(thrown: unknown): void {
    if (isRefusal(thrown, 'READONLY')) this.#renew(thrown as Error);
  }

  /** At once; commands under way reject. */
  close(): void {
    this.#isClosed = true;
    this.#isUp = false;
    clearInterval(this.#timer);
    this.#client.destroy();
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #create(): Client {
    const client = createUntyped(this.#place, this.#name, (retries) => {
      if (!this.#isOpened || client !== this.#client) return false;
      const longest = Math.min(againMsMax, againMsMin * 2 ** retries);
      return longest * (0.5 + Math.random() / 2);
    });
    client.on('error', (error: Error) => {
      if (client === this.#client) this.#lost(error);
    });
    client.on('ready', () => void this.#settle(client));
    return client;
  }

  #lost(error: Error): void {
    this.#heardAt = performance.now();
    this.#isPinged = false;
    if (!this.#isUp) return;
    this.#isUp = false;
    if (!this.#isClosed) this.#events.onLost(error);
  }

  /** A server that has just started answers with errors until it has read its data. */
  async #settle(client: Client): Promise<void> {
    for (;;) {
      try {
        await client.sendCommand(['PING']);
        if (!this.#isSubscribed)
          for (const [listener, channel] of this.#listeners)
            await client.subscribe(channel, listener, true);
        break;
      } catch (thrown) {
        // A lost connection says so by itself, and is ready again another time.
        if (this.#isClosed || !isRefusal(thrown, 'LOADING')) return;
        this.#heardAt = performance.now();
        await sleep(settleMs);
      }
    }
    if (this.#isClosed || this.#isUp || client !== this.#client) return;
    this.#heardAt = performance.now();
    this.#isUp = this.#isSubscribed = true;
    for (const wake of this.#waiting.splice(0)) wake();
    if (this.#wasUp) this.#events.onRestored();
    this.#wasUp = true;
  }

  /** Where packets vanish, a connection looks alive for many minutes. */
  #watch(): void {
    const now = performance.now();
    const stoodStill = now - this.#watchedAt > 2 * watchMs;
    this.#watchedAt = now;
    if (stoodStill) this.#heardAt = now;
    if (now - this.#heardAt > silenceMs)
      return this.#isOpened ? this.#renew(silent()) : this.close();
    if (!this.#isUp || this.#isPinged) return;
    this.#isPinged = true;
    const answered = (): void => {
      this.#isPinged = false;
      this.#heardAt = performance.now();
    };
    this.command(['PING']).then(answered, () => undefined);
  }

  #renew(error: Error): void {
    if (this.#isClosed) return;
    const old = this.#client;
    this.#isSubscribed = false;
    this.#client = this.#create();
    this.#lost(error);
    old.destroy();
    this.#client.connect().catch(() => undefined);
  }
}

function silent(): Error {
  return new Error(`no answer for ${silenceMs / 1000} s`);
}

function createUntyped(place: RedisPlace, name: string, again: (tries: number) => number | false) {
  const { host, port, username, password, database, tls } = place;
  return createClient({
    name,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    database,
    RESP: 3,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    // Deadlines are the callers'; a timer for each command costs more than the command.
    commandOptions: {
      timeout: undefined,
      typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.MAP]: Array },
    },
    socket: {
      ...{ host, port, connectTimeout: connectMs, reconnectStrategy: again },
      ...(tls && { tls: true as const, ...tls, ...(!isIP(host) && { servername: host }) }),
    },
  });
}
