/**
 * Asynchronous calls: into the journal, then into a queue; a failed one again later, and after its
 * last try among the dead letters.
 *
 * A kept call is *waiting* (a job in its queue), *in hand*, *resting* (a timer holds it until its
 * next try) or *dead*.
 */
import { toFault } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Body, Call } from '../message.ts';
import type { BrokerOptions, CallHandler, QueueDepth, RetryOptions } from './broker.ts';
import { Journal } from './journal.ts';
import type { Kept } from './journal.ts';
import type { Job, Queue } from './queue.ts';
import { full } from './refusal.ts';
import type { CallState } from './stored.ts';

const journalMaxDefault = 2 ** 30;
const segmentBytesMax = 32 * 2 ** 20;
const retryDefault: RetryOptions = { triesMax: 5, waitMs: 1000, waitMsMax: 300_000 };
const timerMsMax = 2 ** 31 - 1;

type OutboxOptions = BrokerOptions & { dataDir: string; queueMax: number };

/** An asynchronous call whose last try failed. */
export interface DeadLetter extends CallState {
  id: number;
}

interface Tally {
  /** Waiting, in hand and resting, and those being written. */
  alive: number;
  resting: number;
  dead: number;
}

export class Outbox {
  readonly journal: Journal;
  readonly #retry: RetryOptions;
  readonly #queueMax: number;
  readonly #log: Log;
  readonly #queueOf: (name: string) => Queue;
  readonly #tallies = new Map<string, Tally>();
  readonly #resting = new Map<Kept, NodeJS.Timeout>();
  #closed = false;

  private constructor(journal: Journal, options: OutboxOptions, queueOf: (name: string) => Queue) {
    this.journal = journal;
    this.#retry = { ...retryDefault, ...options.retry };
    this.#queueMax = options.queueMax;
    this.#log = options.log;
    this.#queueOf = queueOf;
  }

  /** Opens the journal in `dataDir` and puts what it kept back in the queues. */
  static async open(options: OutboxOptions, queueOf: (name: string) => Queue): Promise<Outbox> {
    const { dataDir, log } = options;
    const bytesMax = options.journalMax ?? journalMaxDefault;
    const journal = await Journal.open({ dir: dataDir, bytesMax, segmentBytesMax, log });
    const outbox = new Outbox(journal, options, queueOf);
    journal.onFull = (bytes) => outbox.#makeRoom(bytes);
    for (const kept of journal.calls.values()) outbox.#restore(kept);
    return outbox;
  }

  async publish(queue: string, { head, body }: Call): Promise<void> {
    const tally = this.#tally(queue);
    if (tally.alive >= this.#queueMax) {
      this.#forgetUnused(queue);
      const what = `${this.#queueMax} asynchronous calls wait (--queue-max)`;
      throw full({ name: queue, consumers: 0 }, what);
    }
    tally.alive++;
    try {
      const at = Date.now();
      const state: CallState = { queue, callId: head.id, at, tries: 0, notBefore: 0, deadAt: 0 };
      const timeoutMs = Math.min(timerMsMax, Math.max(1, head.deadline - at));
      const bytes = body instanceof Uint8Array ? body : await gather(body);
      this.#enqueue(await this.journal.append(state, head, timeoutMs, bytes));
    } catch (error) {
      tally.alive--;
      this.#forgetUnused(queue);
      throw error;
    }
  }

  /** A queue's depth with what rests and what is dead. */
  deepen(queue: string, depth: QueueDepth): QueueDepth {
    const tally = this.#tallies.get(queue);
    if (!tally) return depth;
    return { ...depth, waiting: depth.waiting + tally.resting, dead: tally.dead };
  }

  /** Calls whose last try failed, oldest first; of one queue or of all. */
  deadLetters(queue?: string): DeadLetter[] {
    const all = [...this.journal.calls.values()].filter(
      ({ state }) => state.deadAt > 0 && (queue === undefined || state.queue === queue),
    );
    return all.map(({ id, state }) => ({ id, ...state }));
  }

  /** Gives a dead letter a fresh set of tries. Whether there is one with this id. */
  revive(id: number): boolean {
    const kept = this.#dead(id);
    if (!kept) return false;
    this.journal.update(kept, { tries: 0, notBefore: 0, deadAt: 0 });
    this.#tally(kept.state.queue).dead--;
    this.#tally(kept.state.queue).alive++;
    this.#enqueue(kept);
    return true;
  }

  /** Deletes a dead letter. Whether there was one with this id. */
  bury(id: number): boolean {
    const kept = this.#dead(id);
    if (!kept) return false;
    this.journal.done(kept);
    this.#tally(kept.state.queue).dead--;
    this.#forgetUnused(kept.state.queue);
    return true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#resting.values()) clearTimeout(timer);
    await this.journal.close();
  }

  /** Deletes dead letters, the oldest first, so that they never keep a new call out. */
  #makeRoom(bytes: number): void {
    let freed = 0;
    for (const { id, bytes: freedBy, state } of this.journal.calls.values()) {
      if (freed >= bytes) return;
      if (!this.bury(id)) continue;
      freed += freedBy;
      const { queue, callId, error } = state;
      const lost = { queue, requestId: callId, ...error };
      this.#log.error(lost, 'dead letter deleted: the journal is full (--journal-max)');
    }
  }

  #restore(kept: Kept): void {
    const tally = this.#tally(kept.state.queue);
    if (kept.state.deadAt > 0) {
      tally.dead++;
      return;
    }
    tally.alive++;
    if (kept.state.notBefore > Date.now()) this.#rest(kept);
    else this.#enqueue(kept);
  }

  #enqueue(kept: Kept): void {
    if (this.#closed) return;
    const job: Job = {
      before: undefined,
      after: undefined,
      chain: undefined,
      at: kept.state.at,
      run: (handler) => this.#deliver(kept, handler),
    };
    this.#queueOf(kept.state.queue).add(job);
  }

  async #deliver(kept: Kept, handler: CallHandler): Promise<void> {
    try {
      const { head, timeoutMs, body } = await this.journal.read(kept);
      const reply = await handler({ head: { ...head, deadline: Date.now() + timeoutMs }, body });
      await readOut(reply.body);
    } catch (error) {
      return this.#failed(kept, error);
    }
    this.journal.done(kept);
    this.#tally(kept.state.queue).alive--;
    this.#forgetUnused(kept.state.queue);
  }

  #failed(kept: Kept, thrown: unknown): void {
    // What fails because everything stops was no try: the next start delivers it again.
    if (this.#closed) return;
    const { code, message: detail } = toFault(thrown);
    const { queue, callId } = kept.state;
    const tries = kept.state.tries + 1;
    const now = Date.now();
    if (tries < this.#retry.triesMax) {
      const notBefore = now + this.#waitMs(tries);
      this.journal.update(kept, { tries, notBefore, error: { code, detail } });
      return this.#rest(kept);
    }
    this.journal.update(kept, { tries, deadAt: now, error: { code, detail } });
    const tally = this.#tally(queue);
    tally.alive--;
    tally.dead++;
    this.#log.error(
      { queue, requestId: callId, tries, code, detail },
      'dead letter: the last try failed',
    );
  }

  /** Doubles with every try; between half of it and all of it, so that retries spread out. */
  #waitMs(tries: number): number {
    const { waitMs, waitMsMax } = this.#retry;
    return Math.min(waitMsMax, waitMs * 2 ** (tries - 1)) * (0.5 + Math.random() / 2);
  }

  #rest(kept: Kept): void {
    const tally = this.#tally(kept.state.queue);
    tally.resting++;
    const waitMs = Math.min(timerMsMax, Math.max(0, kept.state.notBefore - Date.now()));
    const timer = setTimeout(() => {
      this.#resting.delete(kept);
      tally.resting--;
      this.#enqueue(kept);
    }, waitMs);
    this.#resting.set(kept, timer);
  }

  #dead(id: number): Kept | undefined {
    const kept = this.journal.calls.get(id);
    return kept && kept.state.deadAt > 0 ? kept : undefined;
  }

  #tally(queue: string): Tally {
    let tally = this.#tallies.get(queue);
    if (!tally) this.#tallies.set(queue, (tally = { alive: 0, resting: 0, dead: 0 }));
    return tally;
  }

  #forgetUnused(queue: string): void {
    const tally = this.#tallies.get(queue);
    if (tally && tally.alive + tally.dead === 0) this.#tallies.delete(queue);
  }
}

async function gather(body: Exclude<Body, Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Nobody wants the answer, but a Func that makes it in chunks has run only at its end. */
async function readOut(body: Body): Promise<void> {
  if (body instanceof Uint8Array) return;
  for await (const chunk of body) void chunk;
}
