/** Asynchronous calls at the door: answered once they are durable, and run though nobody waits. */
import { newCallId, publishAsync } from '../async-call.ts';
import { FuncatronError } from '../errors.ts';
import type { AsyncHead, Call } from '../message.ts';
import { answerOwn } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { assertInTime, claimKey, readKey } from './idempotency.ts';
import { prefersAsync } from './prefer.ts';
import type { FlatHeaders } from './response-head.ts';

/** Where a client asks what became of a call. */
export const callsPath = '/system/calls/';

export function isAsync(x: Exchange): boolean {
  const { prefer } = x.headers;
  return x.isNamed || x.operation.settings.async || (prefer !== undefined && prefersAsync(prefer));
}

/**
 * Answers 202 once the call is durable, and known to the Trons. Throws `callback_refused`,
 * `idempotency_conflict`, `tron_unavailable`, or what the broker refuses it for.
 */
export async function accept(x: Exchange, call: Call): Promise<void> {
  const { broker } = x.door;
  const callback = readCallback(x);
  const claim = readKey(x, call);
  // Not the request id: clients choose that, and whoever knows this one may ask and cancel.
  const id = newCallId();
  const claimedAtMs = performance.now();
  const standing = claim && (await claimKey(x, claim, id));
  if (standing !== undefined && standing !== id) return answerAccepted(x, standing);
  const async: AsyncHead = { acceptedAt: Date.now(), tries: 0 };
  const { retry } = x.operation.settings;
  if (callback !== undefined) async.callback = callback;
  if (retry) async.retry = retry;
  const { body } = call;
  const head = { ...call.head, id, async };
  if (x.isFunction) head.headers = { ...head.headers, 'x-call-id': id };
  const { queue, name: bundle } = x.entry!.route;
  x.queued = true;
  await publishAsync(broker, { queue, bundle, call: { head, body }, ...(claim && { claim }) });
  if (claim) assertInTime(claimedAtMs);
  answerAccepted(x, id);
}

function readCallback(x: Exchange): string | undefined {
  const url = x.headers['x-callback-url'];
  if (url === undefined) return undefined;
  const why = x.door.callbacks.refuse(String(url));
  if (why === undefined) return new URL(String(url)).href;
  // OpenFaaS's gateway has this status for what is no URL at all.
  const status = x.isFunction && !URL.canParse(String(url)) ? { status: 400 } : {};
  throw new FuncatronError('callback_refused', `X-Callback-Url: ${why}`, status);
}

function answerAccepted(x: Exchange, id: string): void {
  x.callId = id;
  x.door.log.debug(x.logFields, 'accepted');
  const url = callsPath + id;
  const headers: FlatHeaders = ['content-type', 'application/json', 'location', url];
  headers.push('x-call-id', id, 'cache-control', 'no-store');
  const { prefer } = x.headers;
  if (prefer !== undefined && prefersAsync(prefer))
    headers.push('preference-applied', 'respond-async');
  const body = { id, status: 'accepted', url };
  answerOwn(x, 202, headers, Buffer.from(`${JSON.stringify(body)}\n`));
}
