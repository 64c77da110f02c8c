/**
 * The calling side of a broker server.
 *
 * A call is *unsent* while the server cannot be reached, *sent* until somebody says that it has it,
 * *taken* by a known process from then on, and *settled* by its reply, its deadline, its caller
 * leaving, or the loss of who took it. Runners say "taken" only of calls that last, so most calls
 * are settled straight from *sent*.
 */
import { FuncatronError, fromProblem, toFault } from '../../errors.ts';
import { isIdempotent } from '../../message.ts';
import type { Call, Reply } from '../../message.ts';
import type { Direct } from '../direct/direct.ts';
import { encodePacket } from './packet.ts';
import type { QueueCount, ReplyPacket } from './packet.ts';
import { cancelled, expired, unanswered } from '../refusal.ts';
import { Loads } from './load.ts';
import type { Pending } from './load.ts';
import type { Transport } from './transport.ts';

/** Who has a call at its deadline gets so long to say so better than we could. */
const graceMs = 400;
/** A call made while the server cannot be reached waits so long for it to come back. */
const outageMs = 5000;
const sweepMs = 50;
/** Who is given a call by a server that keeps none says soon that it has it, or is lost. */
const silentMs = 3000;

export interface CallerOptions {
  id: string;
  waitingMax: number;
  bytesMax: number;
  /** Bodies above this go direct; Infinity where they cannot. */
  overBytes: number;
  direct: () => Promise<Direct>;
}

export class Caller {
  readonly #transport: Transport;
  readonly #options: CallerOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #loads: Loads;
  #n = 0;
  #timer: NodeJS.Timeout | undefined;
  #lostAt = 0;

  constructor(transport: Transport, options: CallerOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#loads = new Loads(options.waitingMax, options.bytesMax);
  }

  call(queue: string, call: Call): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const now = Date.now();
      if (call.head.deadline <= now) return reject(expired({ name: queue, consumers: 1 }, call));
      if (call.cancellation?.cancelled) return reject(cancelled(call));
      const { body } = call;
      const size = body instanceof Uint8Array ? body.length : Infinity;
      const isOffer = size > this.#options.overBytes;
      if (size === Infinity && this.#options.overBytes === Infinity)
        return reject(notDirect(call.head.id));
      const bytes = isOffer ? 0 : size;
      const refused = this.#loads.refusal(queue, bytes);
      if (refused) return reject(refused);
      const pending: Pending = {
        ...{ n: this.#n++, queue, call, at: now, isOffer, bytes, resolve, reject },
        ...{ isSent: false, isHeld: false, takenBy: undefined, takerInbox: undefined },
        ...{ handedAt: 0, isOver: false },
      };
      this.#add(pending);
      call.cancellation?.onCancel(() => this.#cancel(pending));
      if (this.#lostAt === 0) this.#send(pending);
    });
  }

  /** A reply of any kind; those to calls that have ended are dropped. */
  take(head: ReplyPacket, body: Buffer): void {
    const pending = this.#pending.get(head.n);
    if (!pending) {
      if (head.t === 'taken') this.#sendCancel(head.n, head.inbox);
      return;
    }
    switch (head.t) {
      case 'answer':
        if (head.direct) return void this.#fetch(pending, head);
        return this.#settle(pending)?.resolve({ head: head.head, body });
      case 'fail':
        return this.#settle(pending)?.reject(fromProblem(head.problem));
      case 'taken':
        return this.#loads.take(pending, head.by, head.inbox);
      case 'place':
        this.#loads.take(pending, head.by, '');
        return void this.#pipe(pending, head);
    }
  }

  /** Nothing more is heard of calls that are on their way; others wait for the server. */
  connectionLost(): void {
    if (this.#lostAt === 0) this.#lostAt = Date.now();
    for (const pending of this.#pending.values()) {
      if (!pending.isSent || pending.isHeld) continue;
      // One that still waits with its sender has surely not been run.
      const waits = !this.#transport.redelivers && pending.handedAt === 0;
      if (waits || mayRepeat(pending.call)) this.#forget(pending);
      else this.#settle(pending)?.reject(brokenOff(pending.call));
    }
  }

  connectionRestored(): void {
    this.#lostAt = 0;
    for (const pending of this.#pending.values()) if (!pending.isSent) this.#send(pending);
  }

  /** A process is gone, and what it had in hand with it. */
  peerLost(id: string): void {
    for (const pending of this.#pending.values()) {
      if (pending.takenBy === id && !pending.isHeld) this.#takerLost(pending);
    }
  }

  #takerLost(pending: Pending): void {
    if (!mayRepeat(pending.call)) {
      this.#settle(pending)?.reject(lost(pending.call));
      return;
    }
    this.#forget(pending);
    // Where the server itself hands it to somebody else, it comes back by itself.
    if (!this.#transport.redelivers) this.#send(pending);
  }

  count(queue: string): Pick<QueueCount, 'pending' | 'oldestAt'> {
    const count = this.#loads.calls(queue);
    if (count === 0) return { pending: 0, oldestAt: 0 };
    let oldestAt = 0;
    for (const pending of this.#pending.values())
      if (pending.queue === queue && pending.takenBy === undefined) {
        oldestAt = pending.at;
        break;
      }
    return { pending: count, oldestAt };
  }

  close(error: FuncatronError): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const pending of this.#pending.values()) this.#settle(pending)?.reject(error);
  }

  #send(pending: Pending): void {
    const { n, queue, call, isOffer } = pending;
    const { head } = call;
    const { id } = this.#options;
    const packet = { t: 'call', n, from: id, inbox: this.#transport.inbox, head } as const;
    const bytes = isOffer
      ? encodePacket({ ...packet, offer: true })
      : encodePacket(packet, call.body as Uint8Array);
    if (bytes.length > this.#transport.bytesMax) {
      this.#settle(pending)?.reject(tooLarge(bytes.length, this.#transport.bytesMax));
      return;
    }
    pending.isSent = true;
    try {
      const ttlMs = head.deadline - Date.now();
      const sent = this.#transport.sendCall(queue, bytes, ttlMs, pending);
      sent?.catch((thrown: unknown) => this.#unsent(pending, thrown));
    } catch (thrown) {
      this.#unsent(pending, thrown);
    }
  }

  /** The server did not take it: it may have been lost just now, and be back soon. */
  #unsent(pending: Pending, thrown: unknown): void {
    const fault = toFault(thrown);
    if (fault.code === 'broker_unavailable' && this.#pending.has(pending.n)) pending.isSent = false;
    else this.#settle(pending)?.reject(fault);
  }

  async #fetch(pending: Pending, { head, direct }: ReplyPacket & { t: 'answer' }): Promise<void> {
    pending.isHeld = true;
    try {
      const body = await (await this.#options.direct()).fetch(direct!);
      this.#settle(pending)?.resolve({ head, body });
    } catch (thrown) {
      this.#settle(pending)?.reject(thrown);
    }
  }

  async #pipe(pending: Pending, { place }: ReplyPacket & { t: 'place' }): Promise<void> {
    if (pending.isHeld) return;
    pending.isHeld = true;
    const { body, cancellation } = pending.call;
    try {
      const reply = await (await this.#options.direct()).send(place, body, cancellation);
      this.#settle(pending)?.resolve(reply);
    } catch (thrown) {
      this.#settle(pending)?.reject(thrown);
    }
  }

  /** It is as if it had never been sent. */
  #forget(pending: Pending): void {
    this.#loads.untake(pending);
    pending.isSent = false;
  }

  #cancel(pending: Pending): void {
    if (pending.takerInbox) this.#sendCancel(pending.n, pending.takerInbox);
    this.#settle(pending)?.reject(cancelled(pending.call));
  }

  #sendCancel(n: number, inbox: string): void {
    const bytes = encodePacket({ t: 'cancel', n, from: this.#options.id });
    void Promise.resolve(this.#transport.sendReply(inbox, bytes)).catch(() => undefined);
  }

  #add(pending: Pending): void {
    this.#pending.set(pending.n, pending);
    this.#loads.add(pending);
    this.#timer ??= setInterval(() => this.#sweep(), sweepMs);
  }

  /** Ends it; undefined when it had ended. */
  #settle(pending: Pending): Pending | undefined {
    if (!this.#pending.delete(pending.n)) return undefined;
    pending.isOver = true;
    this.#loads.remove(pending);
    if (this.#pending.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    if (!pending.isOffer) pending.call.cancellation?.onCancel(undefined);
    return pending;
  }

  #isSilent({ isSent, takenBy, handedAt }: Pending, now: number): boolean {
    if (this.#transport.redelivers || !isSent || takenBy !== undefined) return false;
    return handedAt > 0 && now - handedAt > silentMs;
  }

  #sweep(): void {
    const now = Date.now();
    for (const pending of this.#pending.values()) {
      const { call, queue, isSent, isHeld, takenBy } = pending;
      if (isHeld) continue;
      if (!isSent && this.#lostAt !== 0 && now - Math.max(pending.at, this.#lostAt) > outageMs)
        this.#settle(pending)?.reject(unreachable());
      else if (now >= call.head.deadline + (isSent ? graceMs : 0)) {
        const end = takenBy === undefined ? expired : unanswered;
        this.#settle(pending)?.reject(end({ name: queue, consumers: 1 }, call));
      } else if (this.#isSilent(pending, now)) this.#takerLost(pending);
    }
  }
}

/** A stream that has begun cannot be sent again. */
function mayRepeat({ head, body }: Call): boolean {
  return isIdempotent(head.method) && body instanceof Uint8Array;
}

function lost({ head }: Call): FuncatronError {
  const detail = `the runner that had call ${head.id} is gone; the Func may have run`;
  return new FuncatronError('runner_lost', detail);
}

function brokenOff({ head }: Call): FuncatronError {
  const detail = `the connection to the broker broke during call ${head.id}; the Func may have run`;
  return new FuncatronError('broker_unavailable', detail);
}

function unreachable(): FuncatronError {
  const detail = `the broker has not been reached for ${outageMs / 1000} s; try again`;
  return new FuncatronError('broker_unavailable', detail, { headers: { 'retry-after': '5' } });
}

/** A message that is larger than the broker server takes. */
export function tooLarge(bytes: number, bytesMax: number): FuncatronError {
  const detail = `a message of ${bytes} bytes is over what this broker carries, ${bytesMax}`;
  return new FuncatronError('body_too_large', detail);
}

function notDirect(id: string): FuncatronError {
  const detail = `call ${id} has a body in chunks, and this process has no direct path`;
  return new FuncatronError('direct_failed', detail);
}
