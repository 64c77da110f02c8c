/**
 * The frames of the worker wire: `u32 length | u8 type | u32 stream | payload`, big-endian, where
 * length counts what follows it. `docs/worker-protocol.md` says what each type means.
 */
import type { Writable } from 'node:stream';
import { FuncatronError } from '../errors.ts';
import { giveBack } from '../lending.ts';

export const protocolVersion = 1;

export const frameType = {
  hello: 1,
  assign: 2,
  assigned: 3,
  refused: 4,
  call: 5,
  callOpen: 6,
  reply: 7,
  replyOpen: 8,
  data: 9,
  end: 10,
  fail: 11,
  cancel: 12,
  window: 13,
  log: 14,
  ping: 15,
  pong: 16,
  drain: 17,
  open: 18,
  evict: 19,
  ended: 20,
} as const;
export type FrameType = (typeof frameType)[keyof typeof frameType];

/** What `length` may be at most: a body of 16 MiB and its head. */
export const frameBytesMax = 16 * 1024 * 1024 + 64 * 1024;
/** A body that goes in pieces goes in pieces of at most this. */
export const chunkBytes = 256 * 1024;
/** Bytes of DATA per stream and direction that may be under way unconsumed. */
export const windowBytes = 1024 * 1024;

const lengthBytes = 4;
const prefixBytes = 9;
const typeMax = frameType.ended;
const batchBytes = 64 * 1024;
/** A payload above this is handed to the socket as it is; below it, copying is cheaper. */
const copyBytesMax = 8 * 1024;
/** What a string of so many UTF-16 units may need in UTF-8. */
const bytesPerUnit = 3;

export type FrameHandler = (type: FrameType, stream: number, payload: Buffer) => void;

/**
 * Finds the frames in chunks split anywhere, which are its own from then on. A frame that lies within
 * one chunk is handed over as a slice of it; one that crosses chunks is copied once. `push` throws `worker_protocol` at the
 * first thing that is no frame; nothing after that can be understood.
 */
export class FrameReader {
  readonly #onFrame: FrameHandler;
  /** The frame that crosses chunks, from its length on, and how much of it is there. */
  #partial: Buffer | undefined;
  #filled = 0;
  /** The first bytes of a frame whose length has not come whole. */
  #stub: Buffer | undefined;

  constructor(onFrame: FrameHandler) {
    this.#onFrame = onFrame;
  }

  push(bytes: Buffer): void {
    let chunk = bytes;
    if (this.#stub) {
      chunk = Buffer.concat([this.#stub, bytes]);
      this.#stub = undefined;
    }
    let offset = this.#partial ? this.#fill(this.#partial, chunk) : 0;
    let isKept = false;
    while (chunk.length - offset >= lengthBytes) {
      const end = offset + lengthBytes + frameLength(chunk, offset);
      if (end > chunk.length) {
        this.#partial = Buffer.allocUnsafe(end - offset);
        this.#filled = chunk.copy(this.#partial, 0, offset);
        if (!isKept) free(chunk);
        return;
      }
      this.#deliver(chunk, offset, end);
      isKept = true;
      offset = end;
    }
    if (offset < chunk.length) this.#stub = chunk.subarray(offset);
    else if (!isKept) free(chunk);
  }

  /** Whether the bytes so far end with a whole frame. */
  get atBoundary(): boolean {
    return !this.#partial && !this.#stub;
  }

  #fill(partial: Buffer, chunk: Buffer): number {
    const copied = chunk.copy(partial, this.#filled);
    this.#filled += copied;
    if (this.#filled === partial.length) {
      this.#partial = undefined;
      this.#deliver(partial, 0, partial.length);
    }
    return copied;
  }

  #deliver(bytes: Buffer, start: number, end: number): void {
    const type = bytes[start + lengthBytes]!;
    if (type === 0 || type > typeMax) throw broken(`frame type ${type} is unknown`);
    const stream = bytes.readUInt32BE(start + lengthBytes + 1);
    this.#onFrame(type as FrameType, stream, bytes.subarray(start + prefixBytes, end));
  }
}

/** Gives back a chunk of which nothing is kept; part of a larger buffer is somebody else's. */
function free(chunk: Buffer): void {
  if (chunk.byteLength === chunk.buffer.byteLength) giveBack(chunk);
}

function frameLength(chunk: Buffer, offset: number): number {
  const length = chunk.readUInt32BE(offset);
  if (length < prefixBytes - lengthBytes) throw broken(`frame length ${length} is below 5`);
  if (length > frameBytesMax)
    throw broken(`frame length ${length} is over the limit of ${frameBytesMax} bytes`);
  return length;
}

/** What is said of a peer that does not speak the protocol. */
export function broken(what: string): FuncatronError {
  return new FuncatronError(
    'worker_protocol',
    `the worker broke the worker protocol: ${what}; does something else write to its socket?`,
  );
}

/**
 * Gathers frames and writes them once per event-loop turn. Small frames are copied together into
 * one buffer, whose turn comes again when the socket has let go of it; large payloads go by
 * reference, so nobody may change them until they are sent.
 */
export class FrameWriter {
  readonly #socket: Writable;
  #batch: Buffer = Buffer.allocUnsafeSlow(batchBytes);
  /** The part of the batch that is filled, and not yet among the segments. */
  #start = 0;
  #end = 0;
  #segments: Uint8Array[] = [];
  /** What to do when all of that has left. */
  #afterwards: (() => void)[] = [];
  #spare: Buffer | undefined;
  #scheduled = false;

  constructor(socket: Writable) {
    this.#socket = socket;
  }

  /** A frame whose payload is text (JSON), bytes, or nothing. */
  send(type: FrameType, stream: number, payload?: string | Uint8Array): void {
    if (payload === undefined) this.#frame(type, stream, undefined, undefined);
    else if (typeof payload === 'string') this.#frame(type, stream, payload, undefined, false);
    else this.#frame(type, stream, undefined, payload);
  }

  /** A frame whose payload is a u32: WINDOW and PING. */
  sendNumber(type: FrameType, stream: number, value: number): void {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeUInt32BE(value);
    this.#frame(type, stream, undefined, bytes);
  }

  /** A frame of `u32 head length | head | body`; `head` is JSON. */
  sendBody(type: FrameType, stream: number, head: string, body: Uint8Array): void {
    this.#frame(type, stream, head, body, true);
  }

  /** Called once all that was sent so far has left. */
  whenSent(act: () => void): void {
    this.#afterwards.push(act);
  }

  /** Writes what was gathered; happens by itself once per turn. */
  flush(): void {
    this.#scheduled = false;
    this.#cut();
    const segments = this.#segments;
    if (segments.length === 0 || this.#socket.destroyed) return;
    this.#segments = [];
    const batch = this.#batch;
    this.#batch = this.#spare ?? Buffer.allocUnsafeSlow(batchBytes);
    this.#spare = undefined;
    this.#start = this.#end = 0;
    const afterwards = this.#afterwards;
    if (afterwards.length > 0) this.#afterwards = [];
    const release = (): void => {
      if (batch.length === batchBytes) this.#spare = batch;
      for (const act of afterwards) act();
    };
    if (segments.length === 1) return void this.#socket.write(segments[0]!, release);
    this.#socket.cork();
    const last = segments.pop()!;
    for (const segment of segments) this.#socket.write(segment);
    this.#socket.write(last, release);
    this.#socket.uncork();
  }

  #frame(
    type: FrameType,
    stream: number,
    text: string | undefined,
    bytes: Uint8Array | undefined,
    measured = false,
  ): void {
    const copied = bytes !== undefined && bytes.length <= copyBytesMax ? bytes.length : 0;
    const room = prefixBytes + lengthBytes + (text ? text.length * bytesPerUnit : 0) + copied;
    this.#reserve(room);
    const batch = this.#batch;
    const from = this.#end;
    let at = from + prefixBytes;
    if (text !== undefined) {
      if (measured) at += lengthBytes;
      const written = batch.write(text, at);
      if (measured) batch.writeUInt32BE(written, at - lengthBytes);
      at += written;
    }
    if (copied > 0) {
      batch.set(bytes!, at);
      at += copied;
    }
    const apart = bytes === undefined ? 0 : bytes.length - copied;
    const length = at - from - lengthBytes + apart;
    if (length > frameBytesMax) throw new RangeError(`a frame of ${length} bytes cannot be sent`);
    batch.writeUInt32BE(length, from);
    batch[from + lengthBytes] = type;
    batch.writeUInt32BE(stream, from + lengthBytes + 1);
    this.#end = at;
    if (apart > 0) {
      this.#cut();
      this.#segments.push(bytes!);
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.flush());
  }

  /** Moves what the batch holds to the segments. */
  #cut(): void {
    if (this.#end === this.#start) return;
    this.#segments.push(this.#batch.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }

  /** Makes room for a frame; a batch that is full stays with the socket and is not used again. */
  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#batch.length) return;
    this.#cut();
    this.#batch = Buffer.allocUnsafeSlow(Math.max(batchBytes, bytes));
    this.#start = this.#end = 0;
  }
}

/** The head and the body of a head+body payload; throws `worker_protocol`. */
export function splitHead(payload: Buffer): { head: unknown; body: Buffer } {
  if (payload.length < lengthBytes) throw broken('a frame ends before its head');
  const end = lengthBytes + payload.readUInt32BE(0);
  if (end > payload.length) throw broken('a head is longer than its frame');
  return { head: parseJson(payload, lengthBytes, end), body: payload.subarray(end) };
}

/** The JSON value in a payload; throws `worker_protocol`. */
export function parseJson(payload: Buffer, start = 0, end = payload.length): unknown {
  try {
    return JSON.parse(payload.toString('utf8', start, end));
  } catch (error) {
    throw broken(`a frame's JSON cannot be parsed (${(error as Error).message})`);
  }
}

/** The u32 in a payload; throws `worker_protocol`. */
export function readNumber(payload: Buffer): number {
  if (payload.length !== 4) throw broken(`a frame holds ${payload.length} bytes where 4 belong`);
  return payload.readUInt32BE(0);
}
