/** Dead letters: kept until somebody mends, redrives or deletes them. */
import { makeCallback, publishAsync } from '../async-call.ts';
import type { Broker } from '../broker/broker.ts';
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';
import { empty, tronQueues } from '../message.ts';
import type { Call, CallHead, Problem, Reply } from '../message.ts';
import type { CallStore } from '../store/call.ts';
import type { DeadLetter, DeadLetters, LetterSummary } from '../store/letter.ts';
import { showProblem } from './call-view.ts';
import type { LeasedTurns } from './leased-turn.ts';

/** They go only when somebody says so. */
const never = Number.MAX_SAFE_INTEGER;
const pageSize = 200;
/** How often it is said that there is no room. */
const warnEveryMs = 60_000;

export interface LettersOptions {
  broker: Broker;
  calls: CallStore;
  letters: DeadLetters;
  log: Log;
  /** Dead letters kept, at most (`--dead-max`). */
  deadMax: number;
  /** By id: of two that redrive a letter, one does. */
  turns: LeasedTurns;
  /** Until when a call is known. */
  expiry(status: 'dead' | 'accepted', at: number): number;
}

export class Letters {
  readonly #options: LettersOptions;
  #warnedAtMs = -Infinity;

  constructor(options: LettersOptions) {
    this.#options = options;
  }

  /** Takes a call from `tronQueues.dead`. Rejects when there is no room: it stays in its queue. */
  async take(call: Call): Promise<Reply> {
    const { head } = call;
    const { dead, acceptedAt, tries, callback } = head.async!;
    const { queue, at: toldAt, error } = dead ?? lost();
    // Whatever its runner's clock says: a call that was redriven dies after it was.
    const at = Math.max(toldAt, acceptedAt);
    await this.put(queue, call, at, error);
    if (queue !== tronQueues.callbacks) {
      const { id, method, path, operation } = head;
      const expiresAt = this.#options.expiry('dead', Math.max(at, Date.now()));
      const facts = { queue, method, path, ...(operation !== undefined && { operation }) };
      const fate = { acceptedAt, at, expiresAt, tries, error: showProblem(error) };
      await this.#options.calls.apply([{ id, status: 'dead', ...facts, ...fate }]);
      if (callback !== undefined) await this.#callBack(head, error);
    }
    return { head: { v: 1, action: 'answer', id: head.id, status: 204, headers: {} }, body: empty };
  }

  /** Keeps a call that failed for good. Rejects with `too_busy` when there is no room. */
  async put(queue: string, { head, body }: Call, diedAt: number, error: Problem): Promise<void> {
    const { letters, deadMax } = this.#options;
    const { letters: count } = await letters.size();
    if (count >= deadMax && !(await letters.get(head.id))) throw this.#full();
    const { dead: _dead, ...async } = head.async!;
    // The time one delivery has: `redrive` reads it back.
    const deadline = async.acceptedAt + Math.max(1, head.deadline - Date.now());
    const kept = { ...head, async, deadline };
    await letters.put({
      ...{ id: head.id, queue, diedAt, expiresAt: never, error: showProblem(error), head: kept },
      body: body as Uint8Array,
    });
  }

  list(queue: string | undefined, limit: number): Promise<LetterSummary[]> {
    return this.#options.letters.list({ ...(queue !== undefined && { queue }), limit });
  }

  /** Rejects with `dead_letter_unknown`. */
  async get(id: string): Promise<DeadLetter> {
    const letter = await this.#options.letters.get(id);
    if (letter) return letter;
    const detail = `there is no dead letter ${id}; see what there is with: funcatron dead list`;
    throw new FuncatronError('dead_letter_unknown', detail);
  }

  /** Puts another call in a letter; it is checked again by the runner that takes it. */
  replace(id: string, edit: (letter: DeadLetter) => { head: CallHead; body: Uint8Array }) {
    return this.#options.turns.take(id, async () => {
      const call = edit(await this.get(id));
      await this.#options.letters.replace(id, call);
    });
  }

  /** Rejects with `dead_letter_unknown`. */
  async remove(id: string): Promise<void> {
    if (!(await this.#options.letters.remove(id))) await this.get(id);
  }

  /** Puts a letter back in its queue with a fresh set of tries. Rejects with what refuses it. */
  redrive(id: string): Promise<void> {
    return this.#options.turns.take(id, async () => {
      const { queue, diedAt, head, body } = await this.get(id);
      const { acceptedAt, callback, retry } = head.async!;
      const now = Math.max(Date.now(), diedAt + 1);
      const async = {
        ...{ acceptedAt: now, tries: 0 },
        ...(callback !== undefined && { callback }),
        ...(retry && { retry }),
      };
      const call = { head: { ...head, async, deadline: now + (head.deadline - acceptedAt) }, body };
      const { broker, letters } = this.#options;
      // Publish first: a crash in between leaves it twice, not nowhere.
      if (queue.startsWith('tron.')) await broker.publish(queue, call);
      else {
        await publishAsync(broker, { queue, bundle: '', call });
        await this.#tellAccepted(queue, call.head, now);
      }
      // It may have died again by now: that letter stays.
      await letters.remove(id, diedAt);
    });
  }

  /** The notice of it may take a while: who asks now is not to hear that the call is dead. */
  async #tellAccepted(queue: string, head: CallHead, at: number): Promise<void> {
    const { id, method, path } = head;
    const { calls, expiry } = this.#options;
    const facts = { queue, method, path, tries: 0 };
    const fate = { acceptedAt: at, at, expiresAt: expiry('accepted', at) };
    await calls.apply([{ id, status: 'accepted', ...facts, ...fate }]);
  }

  /** Redrives all letters that are there now, of one queue or of all; tells how many. */
  async redriveAll(queue: string | undefined): Promise<{ redriven: number; failed: number }> {
    const count = { redriven: 0, failed: 0 };
    let before: { diedAt: number; id: string } | undefined = { diedAt: Date.now() + 1, id: '' };
    while (before) {
      const filter = { ...(queue !== undefined && { queue }), before, limit: pageSize };
      const page: LetterSummary[] = await this.#options.letters.list(filter);
      for (const { id } of page) {
        const moved = await this.redrive(id).then(
          () => true,
          (thrown: unknown) => {
            this.#options.log.warn({ err: thrown, requestId: id }, 'a letter was not redriven');
            return false;
          },
        );
        count[moved ? 'redriven' : 'failed']++;
      }
      before = page.length < pageSize ? undefined : page.at(-1);
    }
    return count;
  }

  async #callBack(head: CallHead, error: Problem): Promise<void> {
    const problem = { type: `urn:funcatron:error:${error.code}`, ...showProblem(error) };
    const contentType = 'application/problem+json';
    const body = Buffer.from(JSON.stringify(problem));
    const result = { status: error.status, contentType, body, durationMs: 0, truncated: false };
    await this.#options.broker.publish(tronQueues.callbacks, makeCallback(head, result));
  }

  #full(): FuncatronError {
    const { deadMax, log } = this.#options;
    const detail = `${deadMax} dead letters are kept (--dead-max); redrive or delete some`;
    if (performance.now() - this.#warnedAtMs > warnEveryMs) {
      this.#warnedAtMs = performance.now();
      log.error(`${detail}; the others wait in their queue`);
    }
    return new FuncatronError('too_busy', detail);
  }
}

/** Somebody put it there by hand. */
function lost(): NonNullable<NonNullable<CallHead['async']>['dead']> {
  const error = new FuncatronError('internal', 'nothing says why it is a dead letter').toProblem();
  return { queue: tronQueues.dead, at: Date.now(), error };
}
