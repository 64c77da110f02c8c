/**
 * `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) of asynchronous calls: a request
 * that is sent again with its key is the call it was the first time.
 */
import { createHash } from 'node:crypto';
import type { Claimed } from '../async-call.ts';
import { FuncatronError } from '../errors.ts';
import type { Call } from '../message.ts';
import { askTron } from './ask-tron.ts';
import type { Exchange } from './exchange.ts';

const keyLengthMax = 255;
/** A key that is not confirmed for so long may be taken by another request (see `tron/ask.ts`). */
const confirmMs = 45_000;

/** Undefined when the request has no key. Throws `bad_request` for one that cannot be one. */
export function readKey(x: Exchange, call: Call): Claimed | undefined {
  const header = x.headers['idempotency-key'];
  if (header === undefined) return undefined;
  const key = /^"(.*)"$/.exec(String(header))?.[1] ?? String(header);
  if (Array.isArray(header) || key === '' || key.length > keyLengthMax)
    throw new FuncatronError(
      'bad_request',
      `Idempotency-Key must be one text of 1 to ${keyLengthMax} characters`,
    );
  const { method, path, query, operation, auth } = call.head;
  // Everybody has keys of their own, and each operation.
  const whose = [x.entry!.route.queue, operation, auth?.scheme, auth?.subject, key];
  const request = [method, path, query, String(x.headers['content-type'])];
  const body = call.body as Uint8Array;
  return { key: digest(JSON.stringify(whose)), fingerprint: digest(JSON.stringify(request), body) };
}

/**
 * The id of the call that the key stands for: the given one when it is new. Rejects with
 * `idempotency_conflict` or `tron_unavailable`; nothing is accepted then.
 */
export async function claimKey(x: Exchange, claim: Claimed, id: string): Promise<string> {
  const { body } = await askTron(x.door, '/claim', { ...claim, id });
  return (JSON.parse(Buffer.from(body as Uint8Array).toString()) as { id: string }).id;
}

/** Throws when the call became durable so late that its key may be another's by now. */
export function assertInTime(claimedAtMs: number): void {
  if (performance.now() - claimedAtMs < confirmMs) return;
  const detail = 'the call was durable only after its idempotency key had to be; send it again';
  throw new FuncatronError('tron_unavailable', detail, { headers: { 'retry-after': '1' } });
}

function digest(...parts: (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\n');
  return hash.digest('hex');
}
