/** A call as a journal record's data: `u32 length | JSON | raw body`. */
import type { CallHead } from '../message.ts';

export interface CallState {
  queue: string;
  /** The request id. */
  callId: string;
  /** When it was accepted, in milliseconds since 1970. */
  at: number;
  /** Deliveries that failed. */
  tries: number;
  /** Not to be delivered before, in milliseconds since 1970. */
  notBefore: number;
  /** Why the last delivery failed. */
  error?: { code: string; detail: string };
  /** When its last try failed, which makes it a dead letter; 0 while it has tries left. */
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
