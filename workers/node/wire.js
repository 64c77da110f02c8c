/** The frames of the worker wire, as docs/worker-protocol.md has them. */

export const type = {
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
};

export const bodyBytesMax = 16 * 1024 * 1024;
export const chunkBytes = 256 * 1024;
export const windowBytes = 1024 * 1024;

const frameBytesMax = bodyBytesMax + 64 * 1024;
/** Of a frame, what comes before its payload. */
export const prefixBytes = 9;
const batchBytes = 64 * 1024;
/** A payload above this goes to the socket as it is; below it, copying is cheaper. */
const copyBytesMax = 8 * 1024;

/** Below this the collector is cheaper. */
const freedBytesMin = 16 * 1024;

/**
 * Frees the memory of bytes that were copied and that nobody has: left to the collector, tens of
 * MiB of them would lie about.
 */
export function free({ buffer, byteLength }) {
  if (byteLength >= freedBytesMin && byteLength === buffer.byteLength) buffer.transfer(0);
}

/** Finds frames in chunks split anywhere; one that lies within a chunk is a slice of it. */
export class FrameReader {
  #onFrame;
  #partial;
  #filled = 0;
  #stub;

  /** @param {(type: number, stream: number, payload: Buffer) => void} onFrame */
  constructor(onFrame) {
    this.#onFrame = onFrame;
  }

  /** @param {Buffer} bytes */
  push(bytes) {
    let chunk = bytes;
    if (this.#stub) {
      chunk = Buffer.concat([this.#stub, bytes]);
      this.#stub = undefined;
    }
    let offset = this.#partial ? this.#fill(chunk) : 0;
    let isKept = false;
    while (chunk.length - offset >= 4) {
      const length = chunk.readUInt32BE(offset);
      if (length < 5 || length > frameBytesMax)
        throw new Error(`the runner sent a frame of length ${length}`);
      const end = offset + 4 + length;
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

  #fill(chunk) {
    const partial = this.#partial;
    const copied = chunk.copy(partial, this.#filled);
    this.#filled += copied;
    if (this.#filled === partial.length) {
      this.#partial = undefined;
      this.#deliver(partial, 0, partial.length);
    }
    return copied;
  }

  #deliver(bytes, start, end) {
    const payload = bytes.subarray(start + prefixBytes, end);
    this.#onFrame(bytes[start + 4], bytes.readUInt32BE(start + 5), payload);
  }
}

/** Gathers frames and writes them once per event-loop turn. */
export class FrameWriter {
  #socket;
  #batch = Buffer.allocUnsafeSlow(batchBytes);
  #start = 0;
  #end = 0;
  #segments = [];
  #spare;
  #scheduled = false;

  /** @param {import('node:net').Socket} socket */
  constructor(socket) {
    this.#socket = socket;
  }

  /**
   * @param {number} type
   * @param {number} stream
   * @param {string | undefined} text JSON
   * @param {Uint8Array | undefined} bytes what follows the text
   * @param {boolean} measured whether the text's length goes before it (head and body)
   */
  send(type, stream, text, bytes, measured = false) {
    const copied = bytes !== undefined && bytes.length <= copyBytesMax ? bytes.length : 0;
    this.#reserve(prefixBytes + 4 + (text ? text.length * 3 : 0) + copied);
    const batch = this.#batch;
    const from = this.#end;
    let at = from + prefixBytes;
    if (text !== undefined) {
      if (measured) at += 4;
      const written = batch.write(text, at);
      if (measured) batch.writeUInt32BE(written, at - 4);
      at += written;
    }
    if (copied > 0) {
      batch.set(bytes, at);
      at += copied;
    }
    const apart = bytes === undefined ? 0 : bytes.length - copied;
    batch.writeUInt32BE(at - from - 4 + apart, from);
    batch[from + 4] = type;
    batch.writeUInt32BE(stream, from + 5);
    this.#end = at;
    if (apart > 0) {
      this.#cut();
      this.#segments.push(bytes);
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.flush());
  }

  /** A reply whose head and body are both text: most are. */
  sendReply(stream, head, body) {
    this.#reserve(prefixBytes + 4 + (head.length + body.length) * 3);
    const batch = this.#batch;
    const from = this.#end;
    let at = from + prefixBytes + 4;
    const written = batch.write(head, at);
    batch.writeUInt32BE(written, at - 4);
    at += written;
    at += batch.write(body, at);
    batch.writeUInt32BE(at - from - 4, from);
    batch[from + 4] = type.reply;
    batch.writeUInt32BE(stream, from + 5);
    this.#end = at;
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.flush());
  }

  /** A frame whose payload is a u32. */
  sendNumber(type, stream, value) {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeUInt32BE(value);
    this.send(type, stream, undefined, bytes);
  }

  flush() {
    this.#scheduled = false;
    this.#cut();
    const segments = this.#segments;
    const socket = this.#socket;
    if (segments.length === 0 || socket.destroyed) return;
    this.#segments = [];
    const batch = this.#batch;
    this.#batch = this.#spare ?? Buffer.allocUnsafeSlow(batchBytes);
    this.#spare = undefined;
    this.#start = this.#end = 0;
    const release = () => {
      if (batch.length === batchBytes) this.#spare = batch;
    };
    socket.cork();
    const last = segments.pop();
    for (const segment of segments) socket.write(segment);
    socket.write(last, release);
    socket.uncork();
  }

  #cut() {
    if (this.#end === this.#start) return;
    this.#segments.push(this.#batch.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }

  #reserve(bytes) {
    if (this.#end + bytes <= this.#batch.length) return;
    this.#cut();
    this.#batch = Buffer.allocUnsafeSlow(Math.max(batchBytes, bytes));
    this.#start = this.#end = 0;
  }
}

/** The head and the body of a head+body payload. */
export function splitHead(payload) {
  const end = 4 + payload.readUInt32BE(0);
  return { head: JSON.parse(payload.utf8Slice(4, end)), body: payload.subarray(end) };
}
