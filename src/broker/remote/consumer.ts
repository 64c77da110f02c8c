/**
 * The taking side of a broker server: one consumer of a queue.
 *
 * What the server hands over is *waiting* here until there is room (`prefetch`), then *in hand*
 * until its handler settles. Calls go before jobs, those too for which a call that ended has just
 * made room in the server; after eight calls it is a job's turn, so that neither starves the other.
 */
import { FuncatronError, toFault } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { Cancellation, isIdempotent } from '../../message.ts';
import type { Call, Reply, RetryPolicy } from '../../message.ts';
import type { CallHandler, Consumer } from '../broker.ts';
import type { Direct } from '../direct/direct.ts';
import { decodePacket, encodePacket } from './packet.ts';
import type { CallPacket } from './packet.ts';
import { unanswered } from '../refusal.ts';
import { tooLarge } from './caller.ts';
import { offerReply, runOffer } from './direct.ts';
import { runJob } from './job.ts';
import { Replies } from './reply.ts';
import type { Delivery, Intake, Transport } from './transport.ts';

/** A call that is in hand for so long is told of, so that its caller knows who has it. */
const noticeMs = 200;
/** The handler has a better error than we at the deadline; so long it may take. */
const graceMs = 150;
const jobTurn = 8;
/** So long a job leaves the last place to a call that may be on its way from the server. */
const passMs = 50;

export interface ConsumerOptions {
  id: string;
  log: Log;
  retry: RetryPolicy;
  overBytes: number;
  /** Undefined where this process takes no direct connections. */
  direct: (() => Promise<Direct>) | undefined;
  onStopped(consumer: RemoteConsumer): void;
}

interface Waiting {
  readonly delivery: Delivery;
  readonly at: number;
  isNoticed: boolean;
}

interface InHand {
  readonly n: number;
  readonly inbox: string;
  readonly call: Call;
  readonly at: number;
  isNoticed: boolean;
  /** The caller has its answer, or is getting it. */
  isAnswered: boolean;
}

export class RemoteConsumer implements Consumer {
  readonly queue: string;
  readonly #transport: Transport;
  readonly #handler: CallHandler;
  readonly #options: ConsumerOptions;
  readonly #replies: Replies;
  readonly #calls: Waiting[] = [];
  readonly #jobs: Waiting[] = [];
  readonly #inHand = new Map<string, InHand>();
  readonly #onIdle: (() => void)[] = [];
  #intakes: Intake[] = [];
  #prefetch = 0;
  #jobsInHand = 0;
  #callsInTurn = 0;
  #roomMadeAt = 0;
  #passing: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(queue: string, transport: Transport, handler: CallHandler, options: ConsumerOptions) {
    this.queue = queue;
    this.#transport = transport;
    this.#handler = handler;
    this.#options = options;
    this.#replies = new Replies(transport, options.log);
  }

  async start(prefetch: number): Promise<void> {
    const { queue } = this;
    const window = Math.max(1, prefetch);
    this.#intakes = await Promise.all([
      this.#transport.take('call', queue, window, (delivery) =>
        this.#arrive(this.#calls, delivery),
      ),
      this.#transport.take('job', queue, window, (delivery) => this.#arrive(this.#jobs, delivery)),
    ]);
    this.#prefetch = prefetch;
    this.#roomMadeAt = performance.now();
    this.#pump();
  }

  /** What is in hand, and which jobs are to be. */
  get counts(): { calls: number; jobs: number; held: number } {
    return { calls: this.#inHand.size, jobs: this.#jobsInHand, held: this.#jobs.length };
  }

  setPrefetch(prefetch: number): void {
    this.#prefetch = prefetch;
    for (const intake of this.#intakes) intake.setWindow(Math.max(1, prefetch));
    this.#pump();
  }

  async stop(): Promise<void> {
    if (!this.#isStopped) {
      this.#isStopped = true;
      await Promise.all(this.#intakes.map((intake) => intake.stop()));
      for (const { delivery } of [...this.#calls.splice(0), ...this.#jobs.splice(0)])
        delivery.giveBack();
    }
    if (this.#size > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
    this.#options.onStopped(this);
  }

  /** The caller of a call waits no more. */
  cancel(from: string, n: number): void {
    this.#inHand.get(`${from}/${n}`)?.call.cancellation?.cancel();
  }

  /** Tells callers of what lasts, and of what is overdue. */
  sweep(now: number): void {
    for (const inHand of this.#inHand.values()) {
      const { n, inbox, at, call } = inHand;
      if (now > call.head.deadline + graceMs && !inHand.isAnswered) {
        inHand.isAnswered = true;
        this.#replies.fail(inbox, n, unanswered({ name: this.queue, consumers: 1 }, call));
      } else if (!inHand.isNoticed && !inHand.isAnswered && now - at >= noticeMs) {
        inHand.isNoticed = true;
        this.#notice(inbox, n);
      }
    }
    // No server has them any more: that they wait here is for their callers to know.
    if (!this.#transport.redelivers)
      for (const waiting of this.#calls) if (now - waiting.at >= noticeMs) this.#noticeOf(waiting);
  }

  #noticeOf(waiting: Waiting): void {
    if (waiting.isNoticed) return;
    waiting.isNoticed = true;
    const { delivery } = waiting;
    const packet = this.#decode(delivery)?.head;
    if (packet?.t === 'call') this.#notice(delivery.replyTo ?? packet.inbox, packet.n);
  }

  #notice(inbox: string, n: number): void {
    const { id: by } = this.#options;
    this.#replies.say(inbox, { t: 'taken', n, by, inbox: this.#transport.inbox });
  }

  get #size(): number {
    return this.#inHand.size + this.#jobsInHand;
  }

  #arrive(waiting: Waiting[], delivery: Delivery): void {
    if (this.#isStopped) return delivery.giveBack();
    waiting.push({ delivery, at: Date.now(), isNoticed: false });
    this.#pump();
  }

  #pump(): void {
    while (this.#size < this.#prefetch && !this.#isStopped) {
      if (this.#jobs.length > 0 && this.#isTurnOfJobs()) {
        this.#callsInTurn = 0;
        this.#beginJob(this.#jobs.shift()!.delivery);
      } else if (this.#calls.length > 0) {
        this.#callsInTurn++;
        this.#beginCall(this.#calls.shift()!.delivery);
      } else return;
    }
  }

  #isTurnOfJobs(): boolean {
    if (this.#callsInTurn >= jobTurn) return true;
    if (this.#calls.length > 0) return false;
    if (this.#size + 1 < this.#prefetch) return true;
    const leftMs = this.#roomMadeAt + passMs - performance.now();
    if (leftMs <= 0) return true;
    if (this.#passing) return false;
    this.#passing = setTimeout(() => {
      this.#passing = undefined;
      this.#pump();
    }, leftMs).unref();
    return false;
  }

  #beginCall(delivery: Delivery): void {
    const packet = this.#decode(delivery);
    if (packet?.head.t !== 'call') return delivery.ack();
    const { head, body } = packet;
    // Its caller has been told already.
    if (head.head.deadline <= Date.now()) return delivery.ack();
    const inbox = delivery.replyTo ?? head.inbox;
    if (delivery.redelivered && !isIdempotent(head.head.method)) {
      this.#replies.fail(inbox, head.n, lostBefore(head.head.id));
      return delivery.ack();
    }
    const call: Call = { head: head.head, body, cancellation: new Cancellation() };
    const { n } = head;
    const inHand = { n, inbox, call, at: Date.now(), isNoticed: false, isAnswered: false };
    const key = `${head.from}/${n}`;
    this.#inHand.set(key, inHand);
    void this.#run(inHand, head).then(() => {
      this.#inHand.delete(key);
      this.#roomMadeAt = performance.now();
      delivery.ack();
      this.#handBack();
    });
  }

  async #run(inHand: InHand, { offer }: CallPacket): Promise<void> {
    try {
      if (offer) await this.#runOffer(inHand);
      else {
        const reply = await this.#handler(inHand.call);
        if (!inHand.isAnswered) await this.#answer(inHand, reply);
      }
    } catch (thrown) {
      if (!inHand.isAnswered) this.#replies.fail(inHand.inbox, inHand.n, toFault(thrown));
    }
  }

  async #answer(inHand: InHand, { head, body }: Reply): Promise<void> {
    const { n, inbox, call } = inHand;
    const { overBytes, direct } = this.#options;
    if (body instanceof Uint8Array && (body.length <= overBytes || !direct)) {
      const bytes = encodePacket({ t: 'answer', n, head }, body);
      const { bytesMax } = this.#transport;
      if (bytes.length > bytesMax) throw tooLarge(bytes.length, bytesMax);
      return this.#replies.send(inbox, bytes);
    }
    if (!direct) throw noDirect(call.head.id);
    // In hand until it has been read: its place in the Func's worker is taken.
    await offerReply(await direct(), call, body, (place) => {
      inHand.isAnswered = true;
      this.#replies.say(inbox, { t: 'answer', n, head, direct: place });
    });
  }

  async #runOffer(inHand: InHand): Promise<void> {
    const { n, inbox, call } = inHand;
    const { direct, id: by } = this.#options;
    if (!direct) throw noDirect(call.head.id);
    await runOffer(await direct(), call, this.#handler, (place) => {
      inHand.isNoticed = true;
      this.#replies.say(inbox, { t: 'place', n, by, place });
    });
  }

  #beginJob(delivery: Delivery): void {
    const packet = this.#decode(delivery);
    if (packet?.head.t !== 'job') return delivery.ack();
    this.#jobsInHand++;
    const { retry, log } = this.#options;
    const run = {
      ...{ transport: this.#transport, queue: this.queue, handler: this.#handler, retry, log },
      isStopping: () => this.#isStopped,
    };
    void runJob(packet.head, packet.body, delivery, run).then(() => {
      this.#jobsInHand--;
      this.#handBack();
    });
  }

  #handBack(): void {
    this.#pump();
    if (this.#size === 0) for (const onIdle of this.#onIdle.splice(0)) onIdle();
  }

  #decode(delivery: Delivery): ReturnType<typeof decodePacket> | undefined {
    try {
      return decodePacket(delivery.bytes);
    } catch (err) {
      this.#options.log.warn({ err, queue: this.queue }, 'a message that is no call is dropped');
      return undefined;
    }
  }
}

function lostBefore(id: string): FuncatronError {
  const detail = `the runner that had call ${id} is gone; the Func may have run, so it is not run again`;
  return new FuncatronError('runner_lost', detail);
}

function noDirect(id: string): FuncatronError {
  const detail = `call ${id} needs a direct connection, and this runner takes none (--direct-host)`;
  return new FuncatronError('direct_failed', detail);
}
