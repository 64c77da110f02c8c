/**
 * Takes messages from core NATS as one of a queue group. While `window` of them are in hand it is
 * not of the group, so that others get the work; it is again when a quarter of them is done. What
 * the server sends before it has heard that is *held* for a moment, in order, and then turned away.
 */
import type { Msg, Subscription } from '@nats-io/transport-node';
import type { Intake } from '../remote/transport.ts';

/** It joins again after so long, though less than a quarter is done. */
const joinMs = 20;
const heldMax = 1000;
const heldBytesMax = 16 * 2 ** 20;

export interface IntakeEvents {
  subscribe(onMessage: (msg: Msg) => void): Subscription;
  /** `done` says that it is not in hand any more. */
  hand(msg: Msg, done: () => void): void;
  /** There is no room for it. */
  turnAway(msg: Msg): void;
  /** What is held may stay for so long. */
  holdMs: number;
  /** It joined, and has room for so many. */
  onRoom(count: number): void;
}

export class GroupIntake implements Intake {
  readonly #events: IntakeEvents;
  #window: number;
  #inHand = 0;
  #held: { msg: Msg; at: number }[] = [];
  #heldBytes = 0;
  #subscription: Subscription | undefined;
  #left: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #joinTimer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(window: number, events: IntakeEvents) {
    this.#window = window;
    this.#events = events;
    this.#balance();
  }

  setWindow(window: number): void {
    if (window === this.#window) return;
    this.#window = window;
    this.#balance();
  }

  /** Says again that there is room: who waits for it may have missed it. */
  announce(): void {
    if (this.#subscription) this.#events.onRoom(this.#window - this.#inHand);
  }

  /** How many more can be in hand. */
  get room(): number {
    return this.#isStopped ? 0 : Math.max(0, this.#window - this.#inHand - this.#held.length);
  }

  async stop(): Promise<void> {
    if (!this.#isStopped) {
      this.#isStopped = true;
      clearTimeout(this.#timer);
      clearTimeout(this.#joinTimer);
      this.#leave();
      this.#turnAway(Infinity);
    }
    await this.#left;
  }

  /** One that the group gave it, or that was sent to it alone. */
  readonly arrive = (msg: Msg): void => {
    if (this.#held.length === 0 && this.#inHand < this.#window && !this.#isStopped) {
      this.#hand(msg);
      if (this.#inHand >= this.#window) this.#leave();
    } else this.#hold(msg);
  };

  #hand(msg: Msg): void {
    let isDone = false;
    this.#inHand++;
    this.#events.hand(msg, () => {
      if (isDone) return;
      isDone = true;
      this.#inHand--;
      this.#balance();
    });
  }

  /** Hands over what is held, and joins or leaves as there is room. */
  #balance(): void {
    if (this.#isStopped) return;
    while (this.#held.length > 0 && this.#inHand < this.#window) {
      const { msg } = this.#held.shift()!;
      this.#heldBytes -= msg.data.length;
      this.#hand(msg);
    }
    if (this.#inHand >= this.#window) this.#leave();
    else if (this.#subscription || this.#held.length > 0) return;
    else if (this.#inHand <= (this.#window * 3) / 4) this.#join();
    else this.#joinTimer ??= setTimeout(() => this.#joinLate(), joinMs).unref();
  }

  #joinLate(): void {
    this.#joinTimer = undefined;
    if (!this.#isStopped && this.#held.length === 0 && this.#inHand < this.#window) this.#join();
  }

  #join(): void {
    if (this.#subscription) return;
    this.#subscription = this.#events.subscribe(this.arrive);
    this.announce();
  }

  #leave(): void {
    const subscription = this.#subscription;
    if (!subscription) return;
    this.#subscription = undefined;
    // Hears what the server sent before it knew.
    this.#left = subscription.drain().catch(() => undefined);
  }

  #hold(msg: Msg): void {
    this.#held.push({ msg, at: performance.now() });
    this.#heldBytes += msg.data.length;
    if (this.#isStopped) return this.#turnAway(Infinity);
    while (this.#held.length > heldMax || this.#heldBytes > heldBytesMax) this.#turnAway(1);
    this.#expireIn(this.#events.holdMs);
  }

  #expireIn(ms: number): void {
    if (ms !== Infinity) this.#timer ??= setTimeout(() => this.#expire(), ms).unref();
  }

  /** The younger go with the oldest, or they would be taken before it. */
  #expire(): void {
    this.#timer = undefined;
    const [oldest] = this.#held;
    const leftMs = oldest ? oldest.at + this.#events.holdMs - performance.now() : 0;
    if (leftMs > 0) return this.#expireIn(leftMs);
    this.#turnAway(Infinity);
    this.#balance();
  }

  /** Turns the oldest away. */
  #turnAway(count: number): void {
    for (const { msg } of this.#held.splice(0, count)) {
      this.#heldBytes -= msg.data.length;
      this.#events.turnAway(msg);
    }
  }
}
