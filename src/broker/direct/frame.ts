/**
 * What flows in the bodies of a direct connection, both ways: `u8 type | u32 length | payload`,
 * big-endian. A body that ends without `end` or `fault` has broken off, whatever HTTP says of it.
 */
import type { Writable } from 'node:stream';
import { FuncatronError } from '../../errors.ts';

export const frameType = {
  /** JSON: the head of a reply. */
  head: 1,
  /** A piece of a body. */
  data: 2,
  /** The body is whole. */
  end: 3,
  /** JSON: a problem, instead of what was to come. */
  fault: 4,
  /** Nothing but a sign of life. */
  beat: 5,
  /** The reader wants no more of the other body. */
  enough: 6,
} as const;

const prefixBytes = 5;
/** Heads and problems; a reply's headers are far below. */
const jsonBytesMax = 2 ** 20;
/** A payload above this goes to the stream as it is; below it, copying is cheaper. */
const copyBytesMax = 8 * 1024;

export interface FrameHandler {
  /** JSON of `head` and `fault`; undefined for frames without a payload. */
  onFrame(type: number, json: unknown): void;
  /** A part of a body: a slice of what was read. */
  onData(chunk: Buffer): void;
}

/** Finds frames in chunks split anywhere. `push` throws `direct_failed` at what is none. */
export class FrameParser {
  readonly #handler: FrameHandler;
  #prefix = Buffer.alloc(prefixBytes);
  #prefixFilled = 0;
  #type = 0;
  /** Of the frame's payload, what has not come. */
  #left = 0;
  #json: Buffer[] = [];

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left === 0) {
        const copied = chunk.copy(this.#prefix, this.#prefixFilled, at);
        at += copied;
        this.#prefixFilled += copied;
        if (this.#prefixFilled < prefixBytes) return;
        this.#begin();
        continue;
      }
      const piece = chunk.subarray(at, at + this.#left);
      at += piece.length;
      this.#left -= piece.length;
      if (this.#type === frameType.data) this.#handler.onData(piece);
      else this.#gather(piece);
    }
  }

  #begin(): void {
    this.#prefixFilled = 0;
    const type = (this.#type = this.#prefix[0]!);
    const length = (this.#left = this.#prefix.readUInt32BE(1));
    const isJson = type === frameType.head || type === frameType.fault;
    if (isJson && length > 0 && length <= jsonBytesMax) return;
    if (type === frameType.data) return;
    const isEmpty = type === frameType.end || type === frameType.beat || type === frameType.enough;
    if (!isEmpty || length > 0) throw broken(`a frame of type ${type} with ${length} bytes`);
    this.#handler.onFrame(type, undefined);
  }

  #gather(piece: Buffer): void {
    this.#json.push(piece);
    if (this.#left > 0) return;
    const text = Buffer.concat(this.#json).toString();
    this.#json = [];
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      throw broken('a head that is no JSON');
    }
    this.#handler.onFrame(this.#type, json);
  }
}

/** Writes a frame; false when the reader of the stream should catch up first. */
export function writeFrame(
  stream: Writable,
  type: number,
  payload?: Uint8Array | string,
  onSent?: () => void,
): boolean {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const length = bytes?.length ?? 0;
  const copied = length <= copyBytesMax ? length : 0;
  const frame = Buffer.allocUnsafe(prefixBytes + copied);
  frame[0] = type;
  frame.writeUInt32BE(length, 1);
  if (copied > 0) frame.set(bytes!, prefixBytes);
  // Node gathers what is written in one turn: these go out together.
  const goesOn = stream.write(frame);
  return copied === length ? goesOn : stream.write(bytes, onSent);
}

function broken(what: string): FuncatronError {
  return new FuncatronError('direct_failed', `the other side of a direct connection sent ${what}`);
}
