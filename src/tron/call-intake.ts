/**
 * Takes in what frontends and runners tell of asynchronous calls. Notices that come while the store
 * writes share the next commit; each is acknowledged when it is durable.
 */
import { readNotice } from '../async-call.ts';
import type { Notice, NoticeKind } from '../async-call.ts';
import { empty } from '../message.ts';
import type { Log } from '../log.ts';
import type { Call, Reply } from '../message.ts';
import type { CallEvent, CallStatus, CallStore } from '../store/call.ts';

/** Calls that have not ended are known for so long after the last thing that happened to them. */
const openKeepMs = 30 * 86_400_000;
const batchMax = 500;

export interface IntakeOptions {
  calls: CallStore;
  log: Log;
  /** Time a call is known after it ended (`--calls-keep`). */
  callsKeepMs: number;
  /** Time an idempotency key stands for its call (`--idempotency-keep`). */
  idempotencyKeepMs: number;
  /** These must not run, or run on. */
  onSuperseded(ids: string[]): void;
}

interface Pending {
  kind: NoticeKind;
  notice: Notice;
  result: Uint8Array;
  resolve: () => void;
  reject: (error: unknown) => void;
}

const statusOf: Record<NoticeKind, CallStatus> = {
  accepted: 'accepted',
  refused: 'failed',
  running: 'running',
  'failed-try': 'retrying',
  done: 'done',
  cancelled: 'cancelled',
};

export class CallIntake {
  readonly #options: IntakeOptions;
  #pending: Pending[] = [];
  #isCommitting = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Resolves when what the notice tells is durable; what is no notice is logged and dropped. */
  async take(call: Call): Promise<Reply> {
    const { id } = call.head;
    const told = this.#read(call);
    if (told)
      await new Promise<void>((resolve, reject) => {
        this.#pending.push({ ...told, resolve, reject });
        if (!this.#isCommitting) void this.#commitAll();
      });
    return { head: { v: 1, action: 'answer', id, status: 204, headers: {} }, body: empty };
  }

  /** Until when something is known that happened at a time. */
  expiry(status: CallStatus, at: number): number {
    const isOpen = ['accepted', 'running', 'retrying', 'cancelling'].includes(status);
    return (
      at + (isOpen ? Math.max(openKeepMs, this.#options.callsKeepMs) : this.#options.callsKeepMs)
    );
  }

  #read(call: Call): Omit<Pending, 'resolve' | 'reject'> | undefined {
    try {
      const { kind, notice, result } = readNotice(call);
      if (Object.hasOwn(statusOf, kind) && isNotice(notice)) return { kind, notice, result };
    } catch {
      // As good as one of an unknown kind.
    }
    const { id, path } = call.head;
    this.#options.log.warn({ requestId: id, path }, 'a message that is no notice was dropped');
    return undefined;
  }

  async #commitAll(): Promise<void> {
    this.#isCommitting = true;
    // Whatever comes in this turn of the event loop shares the first commit.
    await new Promise(setImmediate);
    while (this.#pending.length > 0) {
      const batch = this.#pending.splice(0, batchMax);
      try {
        await this.#commit(batch);
        for (const { resolve } of batch) resolve();
      } catch (thrown) {
        for (const { reject } of batch) reject(thrown);
      }
    }
    this.#isCommitting = false;
  }

  async #commit(batch: readonly Pending[]): Promise<void> {
    const claiming = batch.filter(({ notice }) => notice.claim);
    const stand = await Promise.all(
      claiming.map(({ kind, notice }) => this.#settleClaim(kind, notice)),
    );
    const lost = claiming.filter((_, index) => !stand[index]);
    const superseded = lost.map(({ notice }) => this.#event('cancelling', notice));
    const events = batch.map(({ kind, notice, result }) => {
      return { ...this.#event(statusOf[kind], notice), ...replyOf(notice, result) };
    });
    await this.#options.calls.apply([...events, ...superseded]);
    if (superseded.length > 0) this.#options.onSuperseded(superseded.map(({ id }) => id));
  }

  /** Holds the key for an accepted call, or lets go of that of one that was not. */
  async #settleClaim(kind: NoticeKind, { id, at, claim }: Notice): Promise<boolean> {
    const { key, fingerprint } = claim!;
    const until = kind === 'refused' ? at : at + this.#options.idempotencyKeepMs;
    const standing = await this.#options.calls.claim(key, fingerprint, id, until);
    return standing.isNew || kind === 'refused';
  }

  #event(status: CallStatus, notice: Notice): CallEvent {
    const { id, acceptedAt, at, tries, error } = notice;
    const { queue, bundle, operation, method, path, callback } = notice;
    const facts = { queue, bundle, operation, method, path, callback, tries, error };
    const known = Object.entries(facts).filter(([, fact]) => fact !== undefined);
    const expiresAt = this.expiry(status, Math.max(at, Date.now()));
    return { id, status, acceptedAt, at, expiresAt, ...Object.fromEntries(known) };
  }
}

function isNotice({ id, acceptedAt, at }: Partial<Notice>): boolean {
  return typeof id === 'string' && Number.isFinite(acceptedAt) && Number.isFinite(at);
}

function replyOf({ reply }: Notice, body: Uint8Array): Pick<CallEvent, 'reply'> {
  return reply ? { reply: { ...reply, body } } : {};
}
