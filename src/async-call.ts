/**
 * Asynchronous calls, as those who accept them, run them and keep account of them speak of them:
 * ids, the call that is published, and the notices to the Trons of what became of it.
 */
import { randomBytes } from 'node:crypto';
import { empty, tronQueues } from './message.ts';
import type { AsyncHead, Call, CallHead, Headers, Problem } from './message.ts';

/** Whatever publishes durably: a broker. */
export interface Publisher {
  publish(queue: string, call: Call): Promise<void>;
}

/**
 * What a notice tells of. `refused`: it was never run, though there may be a record of it.
 * `running`: of calls that last; the end of others is told at once.
 */
export type NoticeKind = 'accepted' | 'refused' | 'running' | 'failed-try' | 'done' | 'cancelled';

/** Something that became of an asynchronous call; the body of a result comes beside it. */
export interface Notice {
  id: string;
  /** With the id it names the call: another one is another run of it (redrive). */
  acceptedAt: number;
  /** Milliseconds since 1970. */
  at: number;
  queue?: string;
  bundle?: string;
  operation?: string;
  method?: string;
  path?: string;
  callback?: string;
  /** Deliveries that failed so far. */
  tries?: number;
  error?: Problem;
  reply?: { status: number; headers: Headers; truncated: boolean };
  /** The idempotency key it was accepted under. */
  claim?: Claimed;
}

/** An idempotency key in use. */
export interface Claimed {
  /** Digest of the key and of whose it is. */
  key: string;
  /** Digest of the request. */
  fingerprint: string;
}

/** Nothing of a notice is for a caller: it is soon tried again, for as long as it takes. */
const noticeRetry = { waitMs: 100, waitMsMax: 5_000 };
const noticeTimeoutMs = 30_000;
const newline = 10;

/**
 * A UUID of version 7 with 74 random bits (RFC 9562 section 5.7): who knows it may ask what became
 * of the call, so it must not be guessed, nor chosen by a caller.
 * `random` are 16 bytes or more to make it of, where it must be the same again.
 */
export function newCallId(now = Date.now(), random: Uint8Array = randomBytes(16)): string {
  const bytes = Buffer.from(random.subarray(0, 16));
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = bytes.toString('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return [...parts, hex.slice(20)].join('-');
}

const callIdForm = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** When a call id was made, in milliseconds since 1970; undefined for what is none. */
export function callIdMs(id: string): number | undefined {
  const match = callIdForm.exec(id);
  return match ? parseInt(match[1]! + match[2]!, 16) : undefined;
}

/** What one asynchronous call is, and where it goes. */
export interface AsyncWork {
  /** The queue of its route. */
  queue: string;
  /** Name of the bundle; empty where it is not known. */
  bundle: string;
  /** With `head.async`. */
  call: Call;
  claim?: Claimed;
}

/**
 * Publishes a call and the notice that it was accepted, at once; resolves when both are durable.
 * When the call could not be published nothing is left of it but, at worst, a record that says so.
 */
export async function publishAsync(broker: Publisher, work: AsyncWork): Promise<void> {
  const { queue, call } = work;
  const [published, told] = await Promise.allSettled([
    broker.publish(queue, call),
    broker.publish(tronQueues.calls, acceptedNotice(work)),
  ]);
  if (published.status === 'rejected') {
    if (told.status === 'fulfilled') await tellRefused(broker, work, published.reason);
    throw published.reason;
  }
  if (told.status === 'rejected') throw told.reason;
}

function acceptedNotice({ queue, bundle, call: { head }, claim }: AsyncWork): Call {
  const { method, path, operation, async } = head;
  return makeNotice('accepted', {
    ...{ id: head.id, acceptedAt: async!.acceptedAt, at: Date.now() },
    ...{ queue, method, path },
    ...(bundle !== '' && { bundle }),
    ...(operation !== undefined && { operation }),
    ...(async!.callback !== undefined && { callback: async!.callback }),
    ...(claim && { claim }),
  });
}

async function tellRefused(broker: Publisher, { call, claim }: AsyncWork, thrown: unknown) {
  const { id, async } = call.head;
  const problem = (thrown as { toProblem?: () => Problem }).toProblem?.();
  const notice: Notice = { id, acceptedAt: async!.acceptedAt, at: Date.now() };
  if (problem) notice.error = problem;
  if (claim) notice.claim = claim;
  await broker.publish(tronQueues.calls, makeNotice('refused', notice)).catch(() => undefined);
}

/** A notice as it is published to `tronQueues.calls`: one line of JSON, then a result's body. */
export function makeNotice(kind: NoticeKind, notice: Notice, result: Uint8Array = empty): Call {
  const line = Buffer.from(`${JSON.stringify(notice)}\n`);
  const body = result.length === 0 ? line : Buffer.concat([line, result]);
  return tronCall(`/${kind}`, body, { retry: noticeRetry });
}

/** Reads a notice back. Throws a plain Error for what is none. */
export function readNotice({ head: { path }, body }: Call): {
  kind: NoticeKind;
  notice: Notice;
  result: Uint8Array;
} {
  if (!(body instanceof Uint8Array)) throw new TypeError('a notice is no stream');
  const end = body.indexOf(newline);
  if (end < 0) throw new TypeError('a notice has no line');
  const notice = JSON.parse(Buffer.from(body.subarray(0, end)).toString()) as Notice;
  return { kind: path.slice(1) as NoticeKind, notice, result: body.subarray(end + 1) };
}

/** A result on its way to the URL that was asked for, as it is published. */
export function makeCallback(head: CallHead, result: CallbackResult): Call {
  const { status, contentType, body, durationMs, truncated } = result;
  const headers: Headers = {
    'x-call-id': head.id,
    'x-function-status': String(status),
    'x-duration-seconds': (durationMs / 1000).toFixed(6),
  };
  const [, name] = /^\/function\/([^/]+)/.exec(head.path) ?? [];
  if (name !== undefined) headers['x-function-name'] = name;
  if (contentType !== undefined) headers['content-type'] = contentType;
  if (truncated) headers['x-funcatron-truncated'] = 'true';
  const call = tronCall('/callback', body, { callback: head.async!.callback! });
  return { ...call, head: { ...call.head, headers } };
}

export interface CallbackResult {
  status: number;
  contentType?: string | undefined;
  body: Uint8Array;
  durationMs: number;
  /** The body is left out: it is larger than what is kept. */
  truncated: boolean;
}

/** A call to a queue of the Trons. */
export function tronCall(path: string, body: Uint8Array, async?: Partial<AsyncHead>): Call {
  const now = Date.now();
  return {
    head: {
      ...{ v: 1, action: 'call', id: newCallId(now), method: 'POST', scheme: 'funcatron' },
      ...{ host: '', path, query: '', remote: '', headers: {} },
      deadline: now + noticeTimeoutMs,
      ...(async && { async: { acceptedAt: now, tries: 0, ...async } }),
    },
    body,
  };
}
