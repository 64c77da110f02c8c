/** What became of asynchronous calls. */
import type { Headers, Problem } from '../message.ts';

/** `done`, `failed`, `dead` and `cancelled` end a call; of a dead one only a redrive makes more. */
export type CallStatus =
  'accepted' | 'running' | 'retrying' | 'cancelling' | 'dead' | 'failed' | 'cancelled' | 'done';

/** A call as it stands. */
export interface CallRecord extends CallSummary {
  /** What it was answered with; kept only of calls that ended. */
  reply?: KeptReply;
}

export interface CallSummary {
  id: string;
  status: CallStatus;
  /** Empty texts while nobody told them: events overtake each other. */
  queue: string;
  bundle: string;
  operation: string;
  method: string;
  path: string;
  /** Deliveries that failed so far. */
  tries: number;
  /** Milliseconds since 1970, as all times here. */
  acceptedAt: number;
  updatedAt: number;
  /** After this it may be forgotten. */
  expiresAt: number;
  callback?: string;
  /** Why its last try failed, or it ended badly. */
  error?: Problem;
}

export interface KeptReply {
  status: number;
  headers: Headers;
  body: Uint8Array;
  /** The body was longer than what is kept. */
  truncated: boolean;
}

/** Something that happened to a call. What is absent is not known to whoever tells. */
export interface CallEvent extends Partial<
  Pick<CallRecord, 'queue' | 'bundle' | 'operation' | 'method' | 'path' | 'callback'>
> {
  id: string;
  status: CallStatus;
  /** When the call was accepted; a later one begins the call anew (redrive). */
  acceptedAt: number;
  /** When this happened. */
  at: number;
  /** That of the last thing that happened counts: calls that go on are kept longer than ended ones. */
  expiresAt: number;
  tries?: number;
  error?: Problem;
  reply?: KeptReply;
}

export interface CallFilter {
  status?: CallStatus;
  queue?: string;
  /** Only what comes after this one: the last of the page before. */
  before?: { acceptedAt: number; id: string };
  limit: number;
}

/** Which call an idempotency key stands for. */
export interface Claim {
  id: string;
  fingerprint: string;
  /** The id is the one that was claimed for. */
  isNew: boolean;
}

export interface CallStore {
  /**
   * Notes events, all or none, and resolves when they are durable. Duplicates do no harm, and the
   * order in which events come makes no difference: what ended stays so, a late `accepted` only
   * adds what it knows of the request. Of two ends the one further down in `CallStatus` counts.
   */
  apply(events: readonly CallEvent[]): Promise<void>;
  /** Undefined when nobody told of it, or its time is over. */
  get(id: string): Promise<CallRecord | undefined>;
  /** Newest first. */
  list(filter: CallFilter): Promise<CallSummary[]>;
  /**
   * Has an idempotency key stand for a call until `expiresAt`, unless it stands for another: then
   * tells which. Of many at once, in any process, one is new. Asked again for the same id, it is
   * still new, and stands until the `expiresAt` given last.
   */
  claim(key: string, fingerprint: string, id: string, expiresAt: number): Promise<Claim>;
  /** Forgets calls and keys whose time was over at `now`; tells how many. */
  expire(now: number): Promise<number>;
}
