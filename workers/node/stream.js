/** Bodies in chunks, both ways, never more than a window ahead of who reads them. */
import { BadResult, toBytes } from './value.js';
import { chunkBytes, prefixBytes, type, windowBytes } from './wire.js';

/** A request body as it comes: async iterable once. */
export class Inbound {
  #writer;
  #stream;
  #chunks = [];
  #ended = false;
  #error;
  #wake;
  #untold = 0;

  constructor(writer, stream) {
    this.#writer = writer;
    this.#stream = stream;
  }

  push(chunk) {
    this.#chunks.push(chunk);
    this.#wake?.();
  }

  end() {
    this.#ended = true;
    this.#wake?.();
  }

  /** Makes the reader throw; what came before it is given up. */
  break(error) {
    this.#error = error;
    this.#chunks = [];
    this.#wake?.();
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  async next() {
    while (this.#chunks.length === 0) {
      if (this.#error) throw this.#error;
      if (this.#ended) return { done: true, value: undefined };
      this.#tell();
      await new Promise((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
    const value = this.#chunks.shift();
    this.#untold += value.length;
    if (this.#untold >= windowBytes / 2) this.#tell();
    return { done: false, value };
  }

  async return() {
    this.break(new Error('the body is read no further'));
    return { done: true, value: undefined };
  }

  /** Tells the sender how much was read. */
  #tell() {
    if (this.#untold === 0 || this.#ended || this.#error) return;
    this.#writer.sendNumber(type.window, this.#stream, this.#untold);
    this.#untold = 0;
  }
}

/** The whole of a request body, in one piece. */
export async function collect(inbound) {
  const chunks = [];
  for await (const chunk of inbound) chunks.push(chunk);
  if (chunks.length === 1) return chunks[0];
  const whole = Buffer.concat(chunks);
  // Each is a frame of its own, read into its own memory, if it is large.
  for (const { buffer, byteLength } of chunks)
    if (buffer.byteLength - byteLength === prefixBytes) buffer.transfer(0);
  return whole;
}

/** A response body on its way. */
export class Outbound {
  #writer;
  #stream;
  #window = windowBytes;
  #wake;
  stopped = false;

  constructor(writer, stream) {
    this.#writer = writer;
    this.#stream = stream;
  }

  /** The reader has taken so many bytes. */
  grant(bytes) {
    this.#window += bytes;
    this.#wake?.();
  }

  /** Nobody reads any more. */
  stop() {
    this.stopped = true;
    this.#wake?.();
  }

  /** Sends bytes when there is room for them. */
  async send(bytes) {
    for (let offset = 0; offset < bytes.length; offset += chunkBytes) {
      const piece = bytes.subarray(offset, offset + chunkBytes);
      while (this.#window < piece.length && !this.stopped)
        await new Promise((resolve) => (this.#wake = resolve));
      if (this.stopped) return;
      this.#window -= piece.length;
      this.#writer.send(type.data, this.#stream, undefined, piece);
    }
  }
}

export const iterate = (body) => (body[Symbol.asyncIterator] ?? body[Symbol.iterator]).call(body);

/** Bytes of a chunk that a Func's stream gave. */
export function chunkOf(value) {
  const bytes = toBytes(value);
  if (bytes) return bytes;
  throw new BadResult(`the Func's stream gave a ${typeof value}; give strings or bytes`);
}

/** The chunks a stream has ready now; `next` is the one it has not, unless it ended. */
export async function whatIsThere(iterator) {
  const chunks = [];
  const late = Symbol('late');
  const turn = new Promise((resolve) => setImmediate(resolve, late));
  for (let bytes = 0; ;) {
    const next = iterator.next();
    const first = bytes < windowBytes ? await Promise.race([next, turn]) : late;
    if (first === late) return { chunks, next };
    if (first.done) return { chunks };
    const chunk = chunkOf(first.value);
    chunks.push(chunk);
    bytes += chunk.length;
  }
}

/** A stream as it was before some of it was read. */
export async function* rejoin(chunks, next, iterator) {
  // Whatever becomes of it is told when its turn comes, which may be late.
  next.catch(() => undefined);
  try {
    yield* chunks;
    for (let { done, value } = await next; !done; { done, value } = await iterator.next())
      yield value;
  } finally {
    await iterator.return?.();
  }
}
