/**
 * The Tron's part in asynchronous calls: it keeps account of them, answers questions about them,
 * keeps the dead ones and posts results.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, CallHandler, Consumer } from '../broker/broker.ts';
import { CallbackAllow } from '../callback-allow.ts';
import type { Log } from '../log.ts';
import { tronQueues } from '../message.ts';
import type { Call, Reply } from '../message.ts';
import type { CallStore } from '../store/call.ts';
import type { Leases } from '../store/lease.ts';
import type { DeadLetters } from '../store/letter.ts';
import type { Store } from '../store/store.ts';
import { CallIntake } from './call-intake.ts';
import { CallQuestions } from './call-question.ts';
import { Callbacks } from './callbacks.ts';
import { LeasedTurns } from './leased-turn.ts';
import { Letters } from './letters.ts';
import type { CallDeskOptions } from './call-option.ts';

/** Notices in hand at a time: those share commits. */
const noticePrefetch = 500;
/** Questions may wait for a moment for what they ask about. */
const questionPrefetch = 500;
const letterPrefetch = 20;
/** A letter that another Tron redrives is waited for so long. */
const letterWaitMs = 5_000;
/** Callbacks delivered at a time. */
const callbackPrefetch = 50;
/** A Tron that starts takes in what happened meanwhile before it answers, for so long at most. */
const catchUpMs = 10_000;
const catchUpPollMs = 10;
const againMs = 1_000;
const expireEveryMs = 60_000;
/** Deliveries under way get so long at `close`. */
const closeGraceMs = 3_000;
/** Calls being cancelled that a runner that starts is told of. */
const cancellingMax = 10_000;
const idsPerMessage = 1_000;

export interface DeskParts {
  broker: Broker;
  store: Store;
  calls: CallStore;
  letters: DeadLetters;
  /** Absent where no other Tron has this store. */
  leases?: Leases | undefined;
  log: Log;
  /** The Tron's own name. */
  id: string;
  options: CallDeskOptions;
  /** Tells all runners, or one. */
  tell(action: 'cancel', fields: { ids: string[] }, to?: string): Promise<void>;
  /** Answers questions that are about something else; undefined for one about a call. */
  answer?(call: Call): Promise<Reply> | undefined;
}

export class CallDesk {
  readonly calls: CallStore;
  readonly questions: CallQuestions;
  readonly letters: Letters;
  readonly callbacks: Callbacks;
  readonly #parts: DeskParts;
  readonly #intake: CallIntake;
  readonly #consumers: Consumer[] = [];
  #opening: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    const { broker, store, calls, log, options } = parts;
    const { callsKeepMs, idempotencyKeepMs, deadMax } = options;
    const tell = (ids: string[]): Promise<void> => this.#cancel(ids);
    const onSuperseded = (ids: string[]): void => void tell(ids).catch(() => undefined);
    this.#intake = new CallIntake({ calls, log, callsKeepMs, idempotencyKeepMs, onSuperseded });
    const expiry = this.#intake.expiry.bind(this.#intake);
    this.calls = calls;
    this.questions = new CallQuestions({ calls, expiry, cancel: tell });
    const turns = new LeasedTurns('letter', parts.leases, parts.id, letterWaitMs);
    this.letters = new Letters({
      broker,
      calls,
      letters: parts.letters,
      log,
      deadMax,
      expiry,
      turns,
    });
    this.callbacks = new Callbacks({
      ...{ store, letters: this.letters, log },
      allow: new CallbackAllow(options.callbackAllow),
      secret: options.callbackSecret,
      timeoutMs: options.callbackTimeoutMs,
      triesMax: options.asyncTries,
    });
  }

  /** Begins to take in and to answer; what it cannot yet, it goes on to try. */
  start(): void {
    this.#opening = this.#open();
    this.#timer = setInterval(() => void this.#expire(), expireEveryMs).unref();
  }

  /** Tells a runner that starts which calls it is not to begin. */
  async welcome(runner: string): Promise<void> {
    const found = await this.calls.list({ status: 'cancelling', limit: cancellingMax });
    const ids = found.map(({ id }) => id);
    for (let at = 0; at < ids.length; at += idsPerMessage)
      await this.#parts.tell('cancel', { ids: ids.slice(at, at + idsPerMessage) }, runner);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#opening;
    const late = setTimeout(() => this.callbacks.close(), closeGraceMs);
    await Promise.all(this.#consumers.map((consumer) => consumer.stop()));
    clearTimeout(late);
  }

  async #open(): Promise<void> {
    const { broker } = this.#parts;
    await this.#consume(tronQueues.calls, (call) => this.#intake.take(call), noticePrefetch);
    await this.#consume(tronQueues.dead, (call) => this.letters.take(call), letterPrefetch);
    await this.#consume(
      tronQueues.callbacks,
      (call) => this.callbacks.take(call),
      callbackPrefetch,
    );
    // A key that was confirmed while no Tron was there must not pass for one that was not.
    for (const end = Date.now() + catchUpMs; !this.#closed && Date.now() < end;) {
      const depth = await broker.depth(tronQueues.calls).catch(() => undefined);
      if (depth?.waiting === 0 && depth.inFlight === 0) break;
      await sleep(catchUpPollMs);
    }
    const ask: CallHandler = (call) => this.#parts.answer?.(call) ?? this.questions.answer(call);
    await this.#consume(tronQueues.ask, ask, questionPrefetch);
  }

  async #consume(queue: string, handler: CallHandler, prefetch: number): Promise<void> {
    const { broker, log } = this.#parts;
    while (!this.#closed) {
      try {
        this.#consumers.push(await broker.consume(queue, handler, { prefetch }));
        return;
      } catch (err) {
        log.warn({ err, queue }, 'the queue cannot be taken from; it is tried again');
        await sleep(againMs, undefined, { ref: false });
      }
    }
  }

  async #cancel(ids: string[]): Promise<void> {
    await this.#parts.tell('cancel', { ids });
  }

  async #expire(): Promise<void> {
    const { calls, letters, log } = this.#parts;
    try {
      const count = (await calls.expire(Date.now())) + (await letters.expire(Date.now()));
      if (count > 0) log.debug({ count }, 'calls that ended long ago were forgotten');
    } catch (err) {
      log.warn({ err }, 'calls that ended long ago could not be forgotten');
    }
  }
}
