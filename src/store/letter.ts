/** Asynchronous calls whose last try failed, kept whole until somebody decides. */
import type { CallHead, Problem } from '../message.ts';

export interface DeadLetter {
  /** Id of the call. */
  id: string;
  /** Where it was taken from. */
  queue: string;
  /** Milliseconds since 1970, as all times here. */
  diedAt: number;
  /** After this it may be forgotten. */
  expiresAt: number;
  /** Why its last try failed. */
  error: Problem;
  /** The whole call. */
  head: CallHead;
  body: Uint8Array;
}

/** A letter without its call. */
export interface LetterSummary extends Omit<DeadLetter, 'head' | 'body'> {
  method: string;
  path: string;
  operation: string;
  tries: number;
  acceptedAt: number;
  /** Size of the body. */
  bytes: number;
}

export interface LetterFilter {
  queue?: string;
  /** Only what comes after this one: the last of the page before. */
  before?: { diedAt: number; id: string };
  limit: number;
}

export interface DeadLetters {
  /** Keeps a letter; one of the same call that died no later gives way. Durable when it resolves. */
  put(letter: DeadLetter): Promise<void>;
  /** Latest death first. */
  list(filter: LetterFilter): Promise<LetterSummary[]>;
  get(id: string): Promise<DeadLetter | undefined>;
  /** Puts another call in a letter. Rejects with `dead_letter_unknown`. */
  replace(id: string, call: { head: CallHead; body: Uint8Array }): Promise<void>;
  /**
   * Removes a letter, of a call that died at `diedAt` if that is given and no other. Tells whether
   * it was there: of two that remove it at once, one is told so.
   */
  remove(id: string, diedAt?: number): Promise<boolean>;
  size(): Promise<{ letters: number; bytes: number }>;
  /** Forgets letters whose time was over at `now`; tells how many. */
  expire(now: number): Promise<number>;
}
