/**
 * Takes the entries of one stream, as one taker of a consumer group, on a connection of its own
 * that waits in the server for them: no stream holds up another, and each has its own window.
 *
 * What the server says is ours and is not held was lost on its way here. Entries are kept young
 * while they are held, so that only those of lost takers grow old.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../log.ts';
import type { Headers } from '../../message.ts';
import { isRefusal } from './fault.ts';
import { Link } from './link.ts';
import type { RedisReply } from './link.ts';
import { Receipts } from './receipt.ts';
import type { Stream } from './receipt.ts';
import { beatScript, joinScript, leaveScript } from './script.ts';
import type { RedisPlace } from './url.ts';
import type { Delivery, Intake } from '../remote/transport.ts';

/** A read waits so long in the server; reading again is how a taker shows that it lives. */
const blockMs = '2000';
/** Entries that nobody has kept young for so long belong to a taker that is lost. */
const leftBehindMs = '3000';
const readMax = 100;
const unblockMs = 10;
const againMs = 500;

type Entry = [id: Buffer, fields: Buffer[] | null];

/** What an entry carries; `again` tells that it was handed over to somebody before. */
export interface Content {
  bytes: Buffer;
  headers: Headers;
  again: boolean;
}

export interface IntakeOptions {
  place: RedisPlace;
  main: Link;
  log: Log;
  /** Where a group that is new begins: `0` for the first entry, `$` for what comes. */
  start: '0' | '$';
  read: (fields: Buffer[]) => Content;
  onDelivery: (delivery: Delivery & { headers: Headers }) => void;
  /** It has stopped, and nothing is in hand. */
  onDone: (intake: RedisIntake) => void;
}

export class RedisIntake implements Intake {
  readonly #stream: Stream;
  readonly #options: IntakeOptions;
  readonly #receipts: Receipts;
  #reader!: Link;
  #readerId = '0';
  #window: number;
  #inHand = 0;
  /** A connection was made: what the server counts as ours has to be asked for. */
  #isNew = true;
  #reading: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;
  #isLeft = false;
  #onRoom = (): void => {};

  private constructor(stream: Stream, window: number, options: IntakeOptions) {
    this.#stream = stream;
    this.#window = window;
    this.#options = options;
    this.#receipts = new Receipts(stream, options.main, options.log);
  }

  /** Rejects as the connection or the server does. */
  static async open(stream: Stream, window: number, options: IntakeOptions): Promise<RedisIntake> {
    const intake = new RedisIntake(stream, window, options);
    await intake.join();
    intake.#reader = await Link.open(options.place, stream.taker, {
      onLost: () => (intake.#isNew = true),
      onRestored: () => undefined,
    });
    intake.#reading = intake.#read();
    return intake;
  }

  /** Makes the group and this taker known to the server; again when the server has lost them. */
  async join(): Promise<void> {
    const { key, group, taker, kind } = this.#stream;
    const { main, start } = this.#options;
    await main.run(joinScript, [key], [group, taker, start, kind]);
  }

  setWindow(window: number): void {
    this.#window = window;
    if (this.#room > 0) this.#onRoom();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Says what has not been said of entries; resolves when the server has it. Never rejects. */
  flush(): Promise<unknown> {
    return this.#receipts.flush();
  }

  /** Once a second; never rejects. */
  async beat(): Promise<void> {
    const { key, group, taker, kind } = this.#stream;
    const { main } = this.#options;
    void this.flush();
    const room = this.#stopping ? 0 : Math.min(readMax, this.#room);
    try {
      const args = [group, taker, kind, String(room), leftBehindMs];
      const left = (await main.run(beatScript, [key], args)) as Entry[];
      for (const entry of left) this.#arrive(entry, true);
    } catch (thrown) {
      if (isRefusal(thrown, 'NOGROUP') && !this.#stopping) await this.join().catch(() => undefined);
    }
  }

  /** Gives up what is still in hand: others get it at once. Never rejects. */
  async leave(): Promise<void> {
    if (this.#isLeft) return;
    this.#isLeft = true;
    await this.flush();
    const { key, group, taker, kind } = this.#stream;
    const { main, log, onDone } = this.#options;
    const leaving = main.run(leaveScript, [key], [group, taker, kind]);
    await leaving.catch((err: unknown) => {
      log.debug({ err, stream: key }, 'a stream could not be left');
    });
    onDone(this);
  }

  get #room(): number {
    return this.#window - this.#inHand;
  }

  async #stop(): Promise<void> {
    const { main } = this.#options;
    let isOver = false;
    this.#onRoom();
    const over = this.#reading.then(() => (isOver = true));
    await Promise.resolve();
    // The word to end a read may reach the server before the read.
    while (!isOver && main.isUp && this.#reader.isUp) {
      await main.command(['CLIENT', 'UNBLOCK', this.#readerId]).catch(() => undefined);
      await Promise.race([over, sleep(unblockMs)]);
    }
    this.#reader.close();
    await over;
    if (this.#inHand === 0) await this.leave();
  }

  async #read(): Promise<void> {
    while (!this.#stopping) {
      if (this.#room <= 0) {
        await new Promise<void>((resolve) => (this.#onRoom = resolve));
        continue;
      }
      try {
        if (this.#isNew) await this.#begin();
        for (const entry of await this.#next()) this.#arrive(entry, false);
      } catch (thrown) {
        await this.#recover(thrown);
      }
    }
  }

  /** On a new connection: takes what was on its way to us when the last one broke. */
  async #begin(): Promise<void> {
    const { main } = this.#options;
    // The server may take the last one for alive, and hand over to nobody through it.
    if (this.#readerId !== '0')
      await main.command(['CLIENT', 'KILL', 'ID', this.#readerId]).catch(() => undefined);
    this.#readerId = String(await this.#reader.command(['CLIENT', 'ID']));
    const { key, group, taker } = this.#stream;
    const who = ['XREADGROUP', 'GROUP', group, taker];
    const ours = await this.#reader.command([...who, 'COUNT', '10000', 'STREAMS', key, '0']);
    this.#isNew = false;
    for (const entry of entriesOf(ours))
      if (!this.#receipts.holds(entry[0].toString('latin1'))) this.#arrive(entry, false);
  }

  /** The next entries that nobody has had; none when none came for a while. */
  async #next(): Promise<Entry[]> {
    const { key, group, taker } = this.#stream;
    const count = String(Math.min(readMax, Math.max(1, this.#room)));
    const how = ['COUNT', count, 'BLOCK', blockMs, 'STREAMS', key, '>'];
    return entriesOf(await this.#reader.command(['XREADGROUP', 'GROUP', group, taker, ...how]));
  }

  async #recover(thrown: unknown): Promise<void> {
    const { main, log } = this.#options;
    if (this.#stopping) return;
    if (isRefusal(thrown, 'NOGROUP')) return this.join().catch(() => sleep(againMs));
    if (isRefusal(thrown)) {
      const stream = this.#stream.key;
      if (!isRefusal(thrown, 'LOADING')) log.warn({ err: thrown, stream }, 'no messages come');
      return sleep(againMs);
    }
    this.#isNew = true;
    await Promise.all([this.#reader.up(), main.up()]);
  }

  #arrive([id, fields]: Entry, isLeft: boolean): void {
    const name = id.toString('latin1');
    this.#receipts.hold(name);
    // Deleted while it was somebody's.
    if (!fields) return this.#receipts.ack(name);
    const { bytes, headers, again } = this.#options.read(fields);
    const redelivered = isLeft || again;
    this.#inHand++;
    let isOver = false;
    const once = (end: () => void) => (): void => {
      if (isOver) return;
      isOver = true;
      end();
      if (--this.#inHand === 0 && this.#stopping) void this.#stopping.then(() => this.leave());
      else if (this.#room > 0) this.#onRoom();
    };
    const ack = once(() => this.#receipts.ack(name));
    const giveBack = once(() => this.#receipts.giveBack(name, redelivered));
    if (this.#stopping || this.#room < 0) giveBack();
    else this.#options.onDelivery({ bytes, headers, redelivered, ack, giveBack });
  }
}

function entriesOf(streams: RedisReply): Entry[] {
  return Array.isArray(streams) ? (streams[1] as Entry[]) : [];
}
