/**
 * Replies: published to the channel of the process they are for. A large one is left in the server
 * to be fetched, and what cannot be sent while the server is away is sent when it is back.
 */
import { randomUUID } from 'node:crypto';
import { isRefusal } from './fault.ts';
import type { Link } from './link.ts';

/** Redis drops a subscriber that has 32 MiB unread. */
const publishMax = 256 * 1024;
/** A large reply that nobody fetched is gone after so long. */
const largeMs = '60000';
/** Replies of so many bytes are kept, at most, while the server is away. */
const unsentMax = 64 * 2 ** 20;

export class Inbox {
  readonly #main: Link;
  readonly #prefix: string;
  readonly #onReply: (bytes: Buffer) => void;
  #unsent: { channel: string; bytes: Buffer }[] = [];
  #unsentBytes = 0;

  /** `prefix` begins the names of what is left in the server. */
  constructor(main: Link, prefix: string, onReply: (bytes: Buffer) => void) {
    this.#main = main;
    this.#prefix = prefix;
    this.#onReply = onReply;
  }

  async open(heard: Link, channel: string): Promise<void> {
    await heard.subscribe(channel, this.#onReply);
    await heard.subscribe(largeOf(channel), (key) => void this.#fetch(String(key)));
  }

  /** Rejects only when it is dropped. */
  async send(channel: string, bytes: Buffer): Promise<void> {
    try {
      if (bytes.length > publishMax) await this.#sendLarge(channel, bytes);
      else await this.#main.command(['PUBLISH', channel, bytes]);
    } catch (thrown) {
      const isTooMuch = this.#unsentBytes + bytes.length > unsentMax;
      if (isRefusal(thrown) || isTooMuch) throw thrown;
      this.#unsentBytes += bytes.length;
      this.#unsent.push({ channel, bytes });
    }
  }

  /** The server is back. */
  resend(): void {
    const unsent = this.#unsent;
    this.#unsent = [];
    this.#unsentBytes = 0;
    for (const { channel, bytes } of unsent) this.send(channel, bytes).catch(() => undefined);
  }

  async #sendLarge(channel: string, bytes: Buffer): Promise<void> {
    const key = this.#prefix + randomUUID();
    const [, heardBy] = await Promise.all([
      this.#main.command(['SET', key, bytes, 'PX', largeMs]),
      this.#main.command(['PUBLISH', largeOf(channel), key]),
    ]);
    // Nobody fetches what nobody was told of.
    if (heardBy === 0) await this.#main.command(['DEL', key]);
  }

  async #fetch(key: string): Promise<void> {
    const bytes = await this.#main.command(['GETDEL', key]).catch(() => null);
    if (Buffer.isBuffer(bytes)) this.#onReply(bytes);
  }
}

function largeOf(channel: string): string {
  return `${channel}:large`;
}
