/**
 * One connection to a Redis server. It is made again for ever when it is lost; commands meanwhile
 * are refused, never kept: who sent them knows best whether they are still wanted.
 */
import { ClientOfflineError, createClient, ErrorReply, RESP_TYPES } from '@redis/client';
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { FuncatronError } from '../errors.ts';
import type { RedisScript } from './redis-script.ts';
import type { RedisPlace } from './redis-url.ts';

const connectMs = 5000;
const pingMs = 5000;
/** A connection on which nothing came for so long, pings' answers neither, is made anew. */
const silenceMs = 15_000;
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

export class Link {
  readonly #client: Client;
  readonly #events: LinkEvents;
  readonly #waiting: (() => void)[] = [];
  #isUp = false;
  #isOpened = false;
  #wasUp = false;
  #isClosed = false;

  private constructor(place: RedisPlace, name: string, events: LinkEvents) {
    this.#events = events;
    this.#client = createUntyped(place, name, (retries) => {
      if (!this.#isOpened || this.#isClosed) return false;
      const longest = Math.min(againMsMax, againMsMin * 2 ** retries);
      return longest * (0.5 + Math.random() / 2);
    });
    this.#client.on('error', (error: Error) => this.#lost(error));
    this.#client.on('ready', () => void this.#settle());
  }

  /** Rejects with `broker_unavailable`. */
  static async open(place: RedisPlace, name: string, events: LinkEvents): Promise<Link> {
    const link = new Link(place, name, events);
    try {
      await link.#client.connect();
    } catch (thrown) {
      link.close();
      throw unavailable(place, thrown);
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

  /** Rejects with what the server said, or as the connection broke: see `isRefusal`, `isUnsent`. */
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
      if (!isRefusal(thrown, 'NOSCRIPT')) throw thrown;
      return this.command(['EVAL', text, ...rest]);
    }
  }

  async subscribe(channel: string, listener: (bytes: Buffer) => void): Promise<void> {
    await this.#client.subscribe(channel, listener, true);
  }

  async unsubscribe(channel: string, listener: (bytes: Buffer) => void): Promise<void> {
    await this.#client.unsubscribe(channel, listener, true);
  }

  /** At once; commands under way reject. */
  close(): void {
    this.#isClosed = true;
    this.#isUp = false;
    this.#client.destroy();
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #lost(error: Error): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#events.onLost(error);
  }

  /** A server that has just started answers with errors until it has read its data. */
  async #settle(): Promise<void> {
    for (;;) {
      try {
        await this.command(['PING']);
        break;
      } catch (thrown) {
        // A lost connection says so by itself, and is ready again another time.
        if (this.#isClosed || !isRefusal(thrown, 'LOADING')) return;
        await sleep(settleMs);
      }
    }
    if (this.#isClosed || this.#isUp) return;
    this.#isUp = true;
    for (const wake of this.#waiting.splice(0)) wake();
    if (this.#wasUp) this.#events.onRestored();
    this.#wasUp = true;
  }
}

function createUntyped(place: RedisPlace, name: string, again: (tries: number) => number | false) {
  const { host, port, username, password, database, tls } = place;
  const net = { host, port, connectTimeout: connectMs, socketTimeout: silenceMs };
  return createClient({
    name,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    database,
    RESP: 3,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    pingInterval: pingMs,
    // Deadlines are the callers'; a timer for each command costs more than the command.
    commandOptions: {
      timeout: undefined,
      typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.MAP]: Array },
    },
    socket: {
      ...net,
      reconnectStrategy: again,
      ...(tls && { tls: true as const, ...tls, ...(!isIP(host) && { servername: host }) }),
    },
  });
}

/** Whether the server itself refused a command; `code` is the first word it says. */
export function isRefusal(thrown: unknown, code = ''): boolean {
  return thrown instanceof ErrorReply && thrown.message.startsWith(code);
}

/** Whether the server surely never got the command. */
export function isUnsent(thrown: unknown): boolean {
  return thrown instanceof ClientOfflineError || isRefusal(thrown);
}

/** `broker_unavailable`, with the cause and without the password. */
export function unavailable({ shown }: RedisPlace, cause: unknown): FuncatronError {
  const why = isRefusal(cause)
    ? `the server says ${(cause as Error).message}`
    : `it cannot be reached (${cause instanceof Error ? describe(cause) : String(cause)})`;
  return new FuncatronError('broker_unavailable', `--broker ${shown}: ${why}`, { cause });
}

/** A host with several addresses fails with one error for each. */
function describe(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map(String).join(', ');
  return error.message;
}
