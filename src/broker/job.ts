/** Asynchronous calls: when a failed one is tried again, and when it is given up. */
import type { FuncatronError } from '../errors.ts';
import { tronQueues } from '../message.ts';
import type { Body, CallHead, RetryPolicy } from '../message.ts';

/** What is to be done with an asynchronous call whose delivery failed. */
export type NextTry =
  | { queue: string; head: CallHead; delayMs: number; isDead: false }
  | { queue: string; head: CallHead; delayMs: 0; isDead: true };

/** Where neither a call nor the broker's options say. */
export const retryDefault: RetryPolicy = { triesMax: 5, waitMs: 1000, waitMsMax: 300_000 };

/** Begins the names of the queues that Trons take from. */
export const tronQueueStart = 'tron.';

/** Longest wait of what Trons keep account by. */
const tronWaitMsMax = 60_000;

/** Whether trying again cannot help: the request is at fault, not the moment. */
export function isFinal({ status }: FuncatronError): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429 && status !== 499;
}

/**
 * The next try of a call from `queue` that failed with `fault`. What Trons take is tried for ever:
 * there is nowhere else to put it.
 */
export function nextTry(
  queue: string,
  head: CallHead,
  fault: FuncatronError,
  policy: RetryPolicy,
): NextTry {
  const known = head.async ?? { acceptedAt: Date.now(), tries: 0 };
  const async = { ...known, tries: known.tries + 1 };
  const { triesMax, waitMs, waitMsMax } = { ...policy, ...known.retry };
  const isKept = queue.startsWith(tronQueueStart);
  if (!isKept && (isFinal(fault) || async.tries >= triesMax)) {
    const dead = { queue, at: Date.now(), error: fault.toProblem() };
    return {
      queue: tronQueues.dead,
      head: { ...head, async: { ...async, dead } },
      delayMs: 0,
      isDead: true,
    };
  }
  // A Tron is soon there again; a receiver of callbacks may take its time.
  const longest = isKept && queue !== tronQueues.callbacks ? tronWaitMsMax : Infinity;
  // Between half of it and all of it, so that retries spread out.
  const doubled = Math.min(waitMsMax, longest, waitMs * 2 ** Math.min(async.tries - 1, 30));
  const delayMs = Math.ceil(doubled * (0.5 + Math.random() / 2));
  return { queue, head: { ...head, async }, delayMs, isDead: false };
}

/** Nobody wants the answer, but a Func that makes it in chunks has run only at its end. */
export async function readOut(body: Body): Promise<void> {
  if (body instanceof Uint8Array) return;
  for await (const chunk of body) void chunk;
}

/** A body in one piece; `tooLarge` makes the error when it has more than `bytesMax`. */
export async function gather(
  body: Body,
  bytesMax: number,
  tooLarge: (bytes: number) => FuncatronError,
): Promise<Uint8Array> {
  if (body instanceof Uint8Array) {
    if (body.length > bytesMax) throw tooLarge(body.length);
    return body;
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > bytesMax) throw tooLarge(size);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
