/**
 * Asynchronous calls: into the journal, then into a queue; a failed one again later, and after its
 * last try into the queue `tron.dead`, where Trons take it from.
 *
 * A kept call is *waiting* (a job in its queue), *in hand*, or *resting* (a timer holds it until
 * its next try).
 */
import { FuncatronError, toFault } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Call, CallHead, RetryPolicy } from '../../message.ts';
import type { BrokerOptions, CallHandler, QueueDepth } from '../broker.ts';
import { gather, nextTry, readOut, retryDefault, tronQueueStart } from '../job.ts';
import { Journal } from './journal.ts';
import type { Kept } from './journal.ts';
import type { Job, Queue } from './queue.ts';
import { full } from '../refusal.ts';
import type { CallState } from './stored.ts';

const journalMaxDefault = 2 ** 30;
const segmentBytesMax = 32 * 2 ** 20;
const timerMsMax = 2 ** 31 - 1;

type OutboxOptions = BrokerOptions & { dataDir: string; queueMax: number };

interface Tally {
  /** Waiting, in hand and resting, and those being written. */
  alive: number;
  resting: number;
}

export class Outbox {
  readonly journal: Journal;
  readonly #retry: RetryPolicy;
  readonly #queueMax: number;
  readonly #bytesMax: number;
  readonly #log: Log;
  readonly #queueOf: (name: string) => Queue;
  readonly #tallies = new Map<string, Tally>();
  readonly #resting = new Map<Kept, NodeJS.Timeout>();
  #closed = false;

  private constructor(journal: Journal, options: OutboxOptions, queueOf: (name: string) => Queue) {
    this.journal = journal;
    this.#retry = { ...retryDefault, ...options.retry };
    this.#queueMax = options.queueMax;
    this.#bytesMax = options.journalMax ?? journalMaxDefault;
    this.#log = options.log;
    this.#queueOf = queueOf;
  }

  /** Opens the journal in `dataDir` and puts what it kept back in the queues. */
  static async open(options: OutboxOptions, queueOf: (name: string) => Queue): Promise<Outbox> {
    const { dataDir, log } = options;
    const bytesMax = options.journalMax ?? journalMaxDefault;
    const journal = await Journal.open({ dir: dataDir, bytesMax, segmentBytesMax, log });
    const outbox = new Outbox(journal, options, queueOf);
    for (const kept of journal.calls.values()) outbox.#restore(kept);
    return outbox;
  }

  async publish(queue: string, { head, body }: Call): Promise<void> {
    const tally = this.#tally(queue);
    // What became of calls is bounded by the journal alone: to refuse it is to run them again.
    if (tally.alive >= this.#queueMax && !queue.startsWith(tronQueueStart)) {
      this.#forgetUnused(queue);
      const what = `${this.#queueMax} asynchronous calls wait (--queue-max)`;
      throw full({ name: queue, consumers: 0 }, what);
    }
    tally.alive++;
    try {
      const at = Date.now();
      const async = head.async ?? { acceptedAt: at, tries: 0 };
      const state: CallState = { queue, callId: head.id, at, notBefore: 0, async };
      const timeoutMs = Math.min(timerMsMax, Math.max(1, head.deadline - at));
      const bytes = await gather(body, this.#bytesMax, (size) => tooLarge(size, this.#bytesMax));
      this.#enqueue(await this.journal.append(state, head, timeoutMs, bytes));
    } catch (error) {
      tally.alive--;
      this.#forgetUnused(queue);
      throw error;
    }
  }

  /** A queue's depth with what rests. */
  deepen(queue: string, depth: QueueDepth): QueueDepth {
    const resting = this.#tallies.get(queue)?.resting ?? 0;
    return resting === 0 ? depth : { ...depth, waiting: depth.waiting + resting };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#resting.values()) clearTimeout(timer);
    await this.journal.close();
  }

  #restore(kept: Kept): void {
    this.#tally(kept.state.queue).alive++;
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
    const { state } = kept;
    let head: CallHead | undefined;
    try {
      const stored = await this.journal.read(kept);
      head = { ...stored.head, async: state.async };
      const deadline = Date.now() + stored.timeoutMs;
      const reply = await handler({ head: { ...head, deadline }, body: stored.body });
      await readOut(reply.body);
    } catch (thrown) {
      return this.#failed(kept, head, toFault(thrown));
    }
    this.journal.done(kept);
    this.#leave(state.queue);
  }

  /** One record says what is next, so that a call is in one queue at any time. */
  #failed(kept: Kept, head: CallHead | undefined, fault: FuncatronError): void {
    // What fails because everything stops was no try: the next start delivers it again.
    if (this.#closed) return;
    const { queue, callId: requestId } = kept.state;
    const next = nextTry(queue, head ?? unreadable(kept.state), fault, this.#retry);
    const async = next.head.async!;
    if (!next.isDead) {
      const notBefore = Date.now() + next.delayMs;
      this.journal.update(kept, { notBefore, async });
      return this.#rest(kept);
    }
    const { code, message: detail } = fault;
    const failure = { queue, requestId, tries: async.tries, code, detail };
    this.#leave(queue);
    // The next start looks at the file, and sets aside what cannot be read.
    if (!head) return this.#log.error(failure, 'an asynchronous call cannot be read back');
    this.journal.update(kept, { queue: next.queue, notBefore: 0, async });
    this.#tally(next.queue).alive++;
    this.#log.error(failure, 'dead letter: it failed for good');
    this.#enqueue(kept);
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

  #tally(queue: string): Tally {
    let tally = this.#tallies.get(queue);
    if (!tally) this.#tallies.set(queue, (tally = { alive: 0, resting: 0 }));
    return tally;
  }

  #leave(queue: string): void {
    this.#tally(queue).alive--;
    this.#forgetUnused(queue);
  }

  #forgetUnused(queue: string): void {
    if (this.#tallies.get(queue)?.alive === 0) this.#tallies.delete(queue);
  }
}

/** What of a call's head is needed to try again, when the journal cannot be read. */
function unreadable({ async }: CallState): CallHead {
  return { async } as CallHead;
}

function tooLarge(size: number, bytesMax: number): FuncatronError {
  const detail = `the body has ${size} bytes, and ${bytesMax} may be kept in all (--journal-max)`;
  return new FuncatronError('journal_failed', detail);
}
