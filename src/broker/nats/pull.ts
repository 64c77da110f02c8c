/**
 * Takes messages from a consumer of JetStream. It asks for as many as it has room for; what it has
 * in hand it says it is working on, or the server gives it to others.
 */
import type { Msg, Subscription } from '@nats-io/transport-node';
import { nanos } from '@nats-io/transport-node';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Link } from './link.ts';
import type { Intake } from '../remote/transport.ts';

/** Header of a message that is not to be handed over before then: milliseconds since 1970. */
export const notBefore = 'Funcatron-Not-Before';

/** The server gives a message to another when it has heard nothing of it for so long. */
export const ackWaitMs = 6000;
const workingMs = 2000;
/** A request ends by itself after this, and is given up when even that is not heard. */
const pullMs = 3000;
const pullLostMs = 4500;
/** A server that has too much on its way to a client drops the client. */
const pullBytesMax = 16 * 2 ** 20;
/** What there is no room for after all may stay for so long. */
const holdMs = 1000;
const againMsMax = 2000;

const timeOver = 408;
const sizeOver = /^message size exceeds/i;

export interface PullSource {
  stream: string;
  /** Makes the consumer if it is not there; its name. */
  ensure: () => Promise<string>;
  hand: (message: Pulled) => void;
}

/** A message in hand. */
export class Pulled {
  readonly msg: Msg;
  readonly redelivered: boolean;
  touchedAt = Date.now();
  readonly #intake: PullIntake;
  #isDone = false;

  constructor(msg: Msg, redelivered: boolean, intake: PullIntake) {
    this.msg = msg;
    this.redelivered = redelivered;
    this.#intake = intake;
  }

  ack(): void {
    this.#end('+ACK');
  }

  giveBack(): void {
    this.#end('-NAK');
  }

  #end(word: string): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#intake.end(this, word);
  }
}

export class PullIntake implements Intake {
  readonly #link: Link;
  readonly #source: PullSource;
  readonly #prefix: string;
  readonly #subscription: Subscription;
  readonly #timer: NodeJS.Timeout;
  readonly #forgets: (() => void)[];
  #window: number;
  #inHand = new Set<Pulled>();
  #held: Pulled[] = [];
  /** What was asked for and has not come, by number of the request; oldest first. */
  #pulls = new Map<number, { left: number; at: number }>();
  #asked = 0;
  #n = 0;
  #consumer = '';
  #ensuring: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  private constructor(link: Link, subject: string, window: number, source: PullSource) {
    this.#link = link;
    this.#source = source;
    this.#window = window;
    this.#prefix = `${subject}.`;
    this.#subscription = link.listen(`${subject}.*`, (msg) => this.#arrive(msg));
    this.#timer = setInterval(() => this.#tick(), workingMs / 2).unref();
    this.#forgets = [link.onRestored(() => this.#ensure()), link.onLeave(() => this.#abandon())];
  }

  /** `subject` is for this intake alone. */
  static async open(
    link: Link,
    subject: string,
    window: number,
    source: PullSource,
  ): Promise<PullIntake> {
    const consumer = await source.ensure();
    const intake = new PullIntake(link, subject, window, source);
    intake.#consumer = consumer;
    intake.#pump();
    return intake;
  }

  setWindow(window: number): void {
    if (window === this.#window) return;
    this.#window = window;
    this.#pump();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** A message leaves the hand. */
  end(message: Pulled, word: string): void {
    this.#inHand.delete(message);
    this.#link.say(message.msg.reply!, word);
    if (this.#stopping) this.#rest();
    this.#pump();
  }

  async #stop(): Promise<void> {
    for (const { msg } of this.#held.splice(0)) this.#link.say(msg.reply!, '-NAK');
    this.#rest();
    await this.#subscription.drain().catch(() => undefined);
  }

  /** There is nothing to care for once it is stopped and its hand is empty. */
  #rest(): void {
    if (this.#inHand.size > 0) return;
    clearInterval(this.#timer);
    for (const forget of this.#forgets) forget();
  }

  /** Somebody else is to have what is in hand, and soon. */
  #abandon(): void {
    for (const message of [...this.#inHand]) message.giveBack();
  }

  #arrive(msg: Msg): void {
    if (msg.subject.startsWith(this.#prefix)) return this.#hear(msg);
    this.#count(1);
    const { headers, reply } = msg;
    const at = headers ? Number(headers.get(notBefore)) : 0;
    if (this.#stopping) return this.#link.say(reply!, '-NAK');
    const delayMs = at - Date.now();
    if (delayMs > 0) {
      this.#link.say(reply!, `-NAK ${JSON.stringify({ delay: nanos(delayMs) })}`);
      return this.#pump();
    }
    // To find out that it was to wait took one delivery.
    this.#held.push(new Pulled(msg, deliveries(reply!) > (at > 0 ? 2 : 1), this));
    this.#pump();
  }

  /** The server's word on a request of ours. */
  #hear({ subject, headers }: Msg): void {
    const n = Number(subject.slice(this.#prefix.length));
    const pull = this.#pulls.get(n);
    if (!pull) return;
    this.#asked -= pull.left;
    this.#pulls.delete(n);
    // Its time is over, or it has as many bytes as it may; anything else is trouble.
    if (headers?.code === timeOver || sizeOver.test(headers?.description ?? '')) this.#pump();
    else this.#ensure();
  }

  /** Requests are served oldest first. */
  #count(came: number): void {
    for (const [n, pull] of this.#pulls) {
      pull.left -= came;
      this.#asked -= came;
      if (pull.left <= 0) this.#pulls.delete(n);
      return;
    }
  }

  #pump(): void {
    while (this.#held.length > 0 && this.#inHand.size < this.#window) {
      const message = this.#held.shift()!;
      this.#inHand.add(message);
      this.#source.hand(message);
    }
    if (this.#stopping || this.#ensuring || this.#link.isLost) return;
    const room = this.#window - this.#inHand.size - this.#held.length - this.#asked;
    if (room <= 0 || (this.#asked > 0 && room < this.#window / 4)) return;
    const n = this.#n++;
    this.#pulls.set(n, { left: room, at: Date.now() });
    this.#asked += room;
    const next = `$JS.API.CONSUMER.MSG.NEXT.${this.#source.stream}.${this.#consumer}`;
    const bytesMax = Math.max(pullBytesMax, 2 * (this.#link.nc.info?.max_payload ?? 0));
    const pull = { batch: room, expires: nanos(pullMs), max_bytes: bytesMax };
    this.#link.nc.publish(next, JSON.stringify(pull), { reply: this.#prefix + String(n) });
  }

  /** Has the consumer made again, and asks anew: who knows what became of what was asked for. */
  #ensure(): void {
    this.#pulls.clear();
    this.#asked = 0;
    if (this.#ensuring || this.#stopping) return;
    this.#ensuring = this.#tryEnsure().finally(() => {
      this.#ensuring = undefined;
      this.#pump();
    });
  }

  async #tryEnsure(): Promise<void> {
    for (let againMs = 100; !this.#stopping && !this.#link.isLost; againMs *= 2) {
      try {
        this.#consumer = await this.#source.ensure();
        return;
      } catch (err) {
        const { stream } = this.#source;
        this.#link.log.debug({ err, stream }, 'the consumer of a stream cannot be made yet');
        await sleep(Math.min(againMs, againMsMax), undefined, { ref: false });
      }
    }
  }

  #tick(): void {
    if (this.#link.isLost) return;
    const now = Date.now();
    for (const message of [...this.#inHand, ...this.#held]) {
      if (now - message.touchedAt < workingMs) continue;
      message.touchedAt = now;
      this.#link.nc.publish(message.msg.reply!, '+WPI');
    }
    this.#turnAway(now);
    for (const { at } of this.#pulls.values()) if (now - at > pullLostMs) return this.#ensure();
  }

  #turnAway(now: number): void {
    this.#held = this.#held.filter(({ msg, touchedAt }) => {
      if (now - touchedAt < holdMs) return true;
      this.#link.say(msg.reply!, '-NAK');
      return false;
    });
  }
}

/**
 * How often a message was delivered, as the subject for its acknowledgement tells:
 * `$JS.ACK[.domain.account].stream.consumer.delivered...`.
 */
function deliveries(reply: string): number {
  const tokens = reply.split('.');
  return Number(tokens[tokens.length > 9 ? 6 : 4]);
}
