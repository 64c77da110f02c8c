/**
 * Messages as they go through a broker server: `u32 length | head as JSON | raw body`, the length
 * that of the head, big-endian. `docs/messages.md` describes the heads.
 */
import { FuncatronError } from '../../errors.ts';
import type { CallHead, Problem, ReplyHead } from '../../message.ts';
import { empty } from '../../message.ts';
import type { DirectPlace } from '../direct/direct.ts';

/** A call: from a caller to a queue. */
export interface CallPacket {
  t: 'call';
  /** The caller's own number for it. */
  n: number;
  /** The process that calls. */
  from: string;
  /** Where its replies go; a transport may know better. */
  inbox: string;
  head: CallHead;
  /** The body is not here: its taker says where to send it. */
  offer?: true;
}

/** An asynchronous call. */
export interface JobPacket {
  t: 'job';
  head: CallHead;
  /** Time one delivery has. */
  timeoutMs: number;
}

/** What is sent to an inbox: about call `n` of the process it belongs to. */
export type ReplyPacket =
  | { t: 'answer'; n: number; head: ReplyHead; direct?: DirectPlace }
  | { t: 'fail'; n: number; problem: Problem }
  /** It has been in hand for a while, with this process. */
  | { t: 'taken'; n: number; by: string; inbox: string }
  /** The taker of an offer waits for the body here. */
  | { t: 'place'; n: number; by: string; place: DirectPlace }
  /** Call `n` of process `from` is waited for no more. */
  | { t: 'cancel'; n: number; from: string }
  | ({ t: 'count'; n: number; id: string } & QueueCount);

/** What one process knows of a queue. */
export interface QueueCount {
  /** Calls it sent that have no answer yet. */
  pending: number;
  /** When the oldest of those nobody is known to have was sent; 0 for none. */
  oldestAt: number;
  calls: number;
  jobs: number;
  /** Jobs it was handed and has not begun. */
  held: number;
  consumers: number;
}

/** Broadcast among the processes of one namespace. */
export type PeerPacket =
  | { t: 'presence'; id: string; isGone?: true }
  | { t: 'census'; n: number; inbox: string; queue: string };

export type Packet = CallPacket | JobPacket | ReplyPacket | PeerPacket;

const lengthBytes = 4;

export function encodePacket(head: Packet, body: Uint8Array = empty): Buffer {
  const json = JSON.stringify(head);
  const jsonBytes = Buffer.byteLength(json);
  const bytes = Buffer.allocUnsafe(lengthBytes + jsonBytes + body.length);
  bytes.writeUInt32BE(jsonBytes, 0);
  bytes.write(json, lengthBytes);
  if (body.length > 0) bytes.set(body, lengthBytes + jsonBytes);
  return bytes;
}

/** Throws `bad_request` for bytes that are no packet; the body shares the memory of `bytes`. */
export function decodePacket(bytes: Buffer): { head: Packet; body: Buffer } {
  const end = bytes.length >= lengthBytes ? lengthBytes + bytes.readUInt32BE(0) : Infinity;
  if (end > bytes.length) throw noPacket(`of ${bytes.length} bytes is cut short`);
  try {
    const head = JSON.parse(bytes.toString('utf8', lengthBytes, end)) as Packet | null;
    if (typeof head?.t === 'string') return { head, body: bytes.subarray(end) };
  } catch {
    // Said below.
  }
  throw noPacket('has a head that is none');
}

function noPacket(what: string): FuncatronError {
  return new FuncatronError('bad_request', `a message ${what}; see docs/messages.md`);
}
