/** Questions about asynchronous calls that frontends ask over the broker. */
import { setTimeout as sleep } from 'node:timers/promises';
import { callIdMs } from '../async-call.ts';
import type { Claimed } from '../async-call.ts';
import { FuncatronError } from '../errors.ts';
import type { Body, Call, Reply } from '../message.ts';
import type { CallEvent, CallRecord, CallStore } from '../store/call.ts';
import { hasEnded, jsonReply, resultOf, showStatus } from './call-view.ts';

/** A call just accepted may be known to its client before it is here: so long it is waited for. */
const waitMs = 2_000;
const freshMs = 10_000;
const pollMs = 20;
/** An idempotency key whose call was not told accepted by then may be taken by another. */
const unconfirmedMs = 60_000;

/** Where a frontend has the status of calls. */
const publicUrl = (id: string): string => `/system/calls/${id}`;

export interface QuestionOptions {
  calls: CallStore;
  /** Until when a call that is being cancelled is known. */
  expiry(status: 'cancelling', at: number): number;
  /** Tells all runners. */
  cancel(ids: string[]): Promise<void>;
}

export class CallQuestions {
  readonly #options: QuestionOptions;

  constructor(options: QuestionOptions) {
    this.#options = options;
  }

  /** Answers a call from `tronQueues.ask`. */
  async answer({ head: { path }, body }: Call): Promise<Reply> {
    const [, action, id = ''] = path.split('/');
    switch (action) {
      case 'status':
        return jsonReply(200, showStatus(await this.find(id), publicUrl(id)));
      case 'result':
        return this.#result(id);
      case 'cancel':
        return jsonReply(202, showStatus(await this.cancel(id), publicUrl(id)));
      case 'claim':
        return jsonReply(200, { id: await this.#claim(readClaiming(body)) });
      default:
        throw new FuncatronError('not_found', `no question of a Tron is at ${path}`);
    }
  }

  /** Rejects with `call_unknown`. */
  async find(id: string): Promise<CallRecord> {
    const call = await this.#await(id);
    if (call) return call;
    throw new FuncatronError('call_unknown', `there is no call ${id}, or it ended too long ago`);
  }

  /** Has a call ended before its time; what it has done by then stays done. Rejects with `call_ended`. */
  async cancel(id: string): Promise<CallRecord> {
    const call = await this.find(id);
    if (hasEnded(call))
      throw new FuncatronError('call_ended', `call ${id} has ended already: it is ${call.status}`);
    const at = Date.now();
    const { acceptedAt, tries } = call;
    const status = 'cancelling';
    const expiresAt = this.#options.expiry(status, at);
    const event: CallEvent = { id, status, acceptedAt, at, tries, expiresAt };
    await this.#options.calls.apply([event]);
    await this.#options.cancel([id]);
    return this.find(id);
  }

  async #result(id: string): Promise<Reply> {
    const call = await this.find(id);
    // What a call failed with is its result: no failure of whoever asks for it.
    if (hasEnded(call)) return resultOf(call);
    const headers = { location: publicUrl(id), 'retry-after': '1' };
    return jsonReply(202, showStatus(call, publicUrl(id)), headers);
  }

  /** The id of the call that a key stands for. */
  async #claim({ key, fingerprint, id }: Claiming): Promise<string> {
    const { calls } = this.#options;
    const claim = await calls.claim(key, fingerprint, id, Date.now() + unconfirmedMs);
    if (claim.isNew) return id;
    if (claim.fingerprint !== fingerprint) {
      const detail = 'this Idempotency-Key was used for another request; send a new key';
      throw new FuncatronError('idempotency_conflict', detail);
    }
    const ageMs = Date.now() - (callIdMs(claim.id) ?? 0);
    // An older one stands only because its call was accepted; that may be forgotten by now.
    if (ageMs > unconfirmedMs || (await this.#await(claim.id))) return claim.id;
    const detail = 'the same request is being accepted; send it again in a moment';
    const headers = { 'retry-after': '1' };
    throw new FuncatronError('idempotency_conflict', detail, { status: 409, headers });
  }

  async #await(id: string): Promise<CallRecord | undefined> {
    const end = Date.now() + waitMs;
    for (;;) {
      const call = await this.#options.calls.get(id);
      const madeMs = callIdMs(id) ?? 0;
      if (call || Math.abs(Date.now() - madeMs) > freshMs || Date.now() >= end) return call;
      await sleep(pollMs);
    }
  }
}

interface Claiming extends Claimed {
  id: string;
}

function readClaiming(body: Body): Claiming {
  return JSON.parse(Buffer.from(body as Uint8Array).toString()) as Claiming;
}
