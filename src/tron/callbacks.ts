/** Results on their way to the URLs that callers named. */
import { createHmac, randomBytes } from 'node:crypto';
import type { CallbackAllow } from '../callback-allow.ts';
import { FuncatronError, toFault } from '../errors.ts';
import type { Log } from '../log.ts';
import { empty, tronQueues } from '../message.ts';
import type { Call, Headers, Reply } from '../message.ts';
import type { Store } from '../store/store.ts';
import type { Letters } from './letters.ts';

const secretSetting = 'callback-secret';

export interface CallbacksOptions {
  store: Store;
  letters: Letters;
  log: Log;
  allow: CallbackAllow;
  /** What callbacks are signed with (`--callback-secret`); empty: one that is made and kept. */
  secret: string;
  /** Time a receiver gets (`--callback-timeout`). */
  timeoutMs: number;
  /** Deliveries of one callback (`--async-tries`). */
  triesMax: number;
}

export class Callbacks {
  readonly #options: CallbacksOptions;
  readonly #closing = new AbortController();
  #secret: Promise<string> | undefined;

  constructor(options: CallbacksOptions) {
    this.#options = options;
  }

  /**
   * Delivers a callback from `tronQueues.callbacks`. Rejects while it is to be tried again; when it
   * is not, it is a dead letter.
   */
  async take(call: Call): Promise<Reply> {
    const { head } = call;
    const { async } = head;
    try {
      await this.#deliver(call);
    } catch (thrown) {
      const fault = toFault(thrown);
      const { code, message } = fault;
      const isLast = code === 'callback_refused' || async!.tries + 1 >= this.#options.triesMax;
      if (!isLast || this.#closing.signal.aborted) throw fault;
      const told = { ...head, async: { ...async!, tries: async!.tries + 1 } };
      const dead = { ...call, head: told };
      await this.#options.letters.put(tronQueues.callbacks, dead, Date.now(), fault.toProblem());
      this.#options.log.error({ callId: head.headers['x-call-id'], code }, `callback: ${message}`);
    }
    return { head: { v: 1, action: 'answer', id: head.id, status: 204, headers: {} }, body: empty };
  }

  /** What receivers need to check signatures. */
  secret(): Promise<string> {
    this.#secret ??= this.#options.secret
      ? Promise.resolve(this.#options.secret)
      : this.#keptSecret();
    return this.#secret;
  }

  /** Breaks off what is being delivered: it is tried again after the next start. */
  close(): void {
    this.#closing.abort();
  }

  async #deliver({ head, body }: Call): Promise<void> {
    const { allow, timeoutMs } = this.#options;
    const url = head.async?.callback;
    if (url === undefined) throw new FuncatronError('callback_refused', 'it names no URL');
    const bytes = body as Uint8Array;
    const headers: Headers = {
      ...head.headers,
      ...sign(await this.secret(), bytes, Math.floor(Date.now() / 1000)),
      'user-agent': 'funcatron',
    };
    const { signal } = this.#closing;
    const { post } = await import('./post.ts');
    await post(allow, { url, headers, body: bytes, timeoutMs, signal });
  }

  async #keptSecret(): Promise<string> {
    const { store } = this.#options;
    const known = await store.setting(secretSetting);
    if (typeof known === 'string') return known;
    const value = randomBytes(32).toString('base64url');
    const change = { put: 'setting', name: secretSetting, value, was: undefined } as const;
    // Another Tron may have been faster.
    await store.commit([change]).catch(() => undefined);
    const kept = await store.setting(secretSetting);
    if (typeof kept === 'string') return kept;
    this.#secret = undefined;
    throw new FuncatronError('store_failed', 'the secret of callbacks could not be kept');
  }
}

/** Headers that say who posts a body, and when (seconds since 1970). */
export function sign(secret: string, body: Uint8Array, seconds: number): Headers {
  const digest = createHmac('sha256', secret).update(`${seconds}.`).update(body).digest('hex');
  return {
    'x-funcatron-timestamp': String(seconds),
    'x-funcatron-signature': `t=${seconds},v1=${digest}`,
  };
}
