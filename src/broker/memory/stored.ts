/** A call as a journal record's data: `u32 length | JSON | raw body`. */
import { catalogue } from '../../errors.ts';
import type { ErrorCode } from '../../errors.ts';
import { tronQueues } from '../../message.ts';
import type { AsyncHead, CallHead, Problem } from '../../message.ts';

export interface CallState {
  /** Where it is now: another than it was put in, once its last try failed. */
  queue: string;
  /** The request id. */
  callId: string;
  /** When it was accepted, in milliseconds since 1970. */
  at: number;
  /** Not to be delivered before, in milliseconds since 1970. */
  notBefore: number;
  async: AsyncHead;
}

/** What the first version of the journal said instead of `async`. */
interface OldState extends Omit<CallState, 'async'> {
  tries: number;
  error?: { code: string; detail: string };
  /** When its last try failed; 0 while it had tries left. */
  deadAt: number;
}

export interface StoredCall {
  head: CallHead;
  /** Time one delivery has, in milliseconds. */
  timeoutMs: number;
  body: Uint8Array;
}

export function encodeCall(state: CallState, { head, timeoutMs, body }: StoredCall): Buffer {
  const json = Buffer.from(JSON.stringify({ state, head, timeoutMs }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([length, json, body]);
}

export function decodeCall(data: Buffer): { state: CallState; call: StoredCall } {
  const start = 4 + data.readUInt32BE(0);
  const { state, head, timeoutMs } = JSON.parse(data.toString('utf8', 4, start));
  return { state, call: { head, timeoutMs, body: data.subarray(start) } };
}

/** A state as it is read back, whichever version wrote it. A dead letter moves to `tron.dead`. */
export function currentState(state: CallState | OldState): CallState {
  if (!('deadAt' in state)) return state;
  const { queue, callId, at, tries, notBefore, deadAt, error } = state;
  const async: AsyncHead = { acceptedAt: at, tries };
  if (deadAt === 0) return { queue, callId, at, notBefore, async };
  async.dead = { queue, at: deadAt, error: toProblem(error) };
  return { queue: tronQueues.dead, callId, at, notBefore: 0, async };
}

function toProblem(error: OldState['error']): Problem {
  const known = error && Object.hasOwn(catalogue, error.code);
  const code = known ? (error.code as ErrorCode) : 'internal';
  const [status, component, title] = catalogue[code];
  return { code, status, title, component, detail: error?.detail ?? '' };
}
