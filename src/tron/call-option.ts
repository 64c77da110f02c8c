/** What a Tron can be told about asynchronous calls, and what it does when it is not. */
export interface CallDeskOptions {
  /** Time a call is known after it ended (`--calls-keep`). Default 24 h. */
  callsKeepMs: number;
  /** Time an idempotency key stands for its call (`--idempotency-keep`). Default 24 h. */
  idempotencyKeepMs: number;
  /** Dead letters kept, at most (`--dead-max`). Default 10,000. */
  deadMax: number;
  /** Where results may be posted to (`--callback-allow`); see `CallbackAllow`. Default: nowhere. */
  callbackAllow: readonly string[];
  /** What callbacks are signed with (`--callback-secret`); empty: one that is made and kept. */
  callbackSecret: string;
  /** Time the receiver of a callback gets (`--callback-timeout`). Default 10 s. */
  callbackTimeoutMs: number;
  /** Deliveries of one callback (`--async-tries`). Default 5. */
  asyncTries: number;
}

const dayMs = 86_400_000;

export const callDeskDefaults: CallDeskOptions = {
  callsKeepMs: dayMs,
  idempotencyKeepMs: dayMs,
  deadMax: 10_000,
  callbackAllow: [],
  callbackSecret: '',
  callbackTimeoutMs: 10_000,
  asyncTries: 5,
};
