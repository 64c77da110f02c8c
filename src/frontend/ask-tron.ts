/** Questions to the Trons, over the broker: any of them answers. */
import { tronCall } from '../async-call.ts';
import { FuncatronError, toFault } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { empty, tronQueues } from '../message.ts';
import type { Call, Reply } from '../message.ts';
import type { Door } from './door.ts';

/** What these say of the broker means here: there is no Tron. */
const silences = new Set<ErrorCode>([
  'queue_full',
  'broker_closed',
  'broker_unavailable',
  'deadline_in_queue',
  'deadline_in_runner',
  'runner_lost',
]);

/** Rejects with what the Tron refuses it for, or with `tron_unavailable` in a few seconds. */
export function askTron(door: Door, path: string, question?: unknown): Promise<Reply> {
  const body = question === undefined ? empty : Buffer.from(JSON.stringify(question));
  return sendToTron(door, tronCall(path, body), door.options.tronTimeoutMs);
}

/** As `askTron`, with a question that is a call already. */
export async function sendToTron(door: Door, call: Call, timeoutMs: number): Promise<Reply> {
  call.head.deadline = Date.now() + timeoutMs;
  try {
    return await door.broker.call(tronQueues.ask, call);
  } catch (thrown) {
    const { code, message } = toFault(thrown);
    if (!silences.has(code)) throw thrown;
    const detail = `no Tron answered within ${timeoutMs / 1000} s (${message}); try again`;
    const headers = { 'retry-after': '1' };
    throw new FuncatronError('tron_unavailable', detail, { cause: thrown, headers });
  }
}
