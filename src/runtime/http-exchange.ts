/** One call to the bundle's HTTP program, both bodies streamed. */
import { EventEmitter } from 'node:events';
import { Writable } from 'node:stream';
import type { Pool } from 'undici';
import { FuncatronError } from '../errors.ts';
import type { Body, Reply } from '../message.ts';
import { replyHeaders } from './http-header.ts';
import type { Forward } from './http-header.ts';
import type { WorkerCall } from './runtime.ts';
import { Download } from './transfer.ts';

/** An answer that says it is no longer than this is handed over whole. */
const wholeBytesMax = 256 * 1024;
/** What of a streamed answer may wait for its reader; the program waits above it. */
const aheadBytesMax = 1024 * 1024;
/** Methods whose requests may be sent twice (RFC 9110, 9.2.2). */
const idempotent = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']);

export interface ExchangeOptions {
  pool: Pool;
  call: WorkerCall;
  forward: Forward;
  /** What an error on the connection means; resolves to undefined if it may have been a stale one. */
  explain: (error: Error) => Promise<FuncatronError | undefined>;
  stale: () => FuncatronError;
}

export class Exchange {
  readonly reply: Promise<Reply>;
  /** Resolves when the program has no more to do with the call; never rejects. */
  readonly ended: Promise<void>;
  readonly #options: ExchangeOptions;
  readonly #signal = new EventEmitter();
  #sink: Sink | undefined;
  #head: Reply['head'] | undefined;
  #again = true;
  #answer: (reply: Reply) => void = () => undefined;
  #refuse: (error: FuncatronError) => void = () => undefined;
  #end: () => void = () => undefined;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.reply = new Promise((resolve, reject) => {
      this.#answer = resolve;
      this.#refuse = reject;
    });
    this.ended = new Promise((resolve) => (this.#end = resolve));
    const { method } = options.call.head;
    this.#again = idempotent.has(method) && options.call.body instanceof Uint8Array;
    this.#send();
  }

  /** Fails the call and drops its connection, by which the program learns of it. */
  abort(error: FuncatronError): void {
    this.#refuse(error);
    this.#sink?.download?.break(error);
    this.#again = false;
    this.#signal.emit('abort');
  }

  #send(): void {
    const { pool, call, forward } = this.#options;
    const request = {
      method: call.head.method,
      ...forward,
      body: toUndici(call.body),
      signal: this.#signal,
    };
    pool.stream(
      request as Parameters<Pool['stream']>[0],
      ({ statusCode, headers }) => this.#begin(statusCode, headers),
      (error) => void (error ? this.#broken(error) : this.#complete()),
    );
  }

  #begin(status: number, headers: Record<string, string | string[] | undefined>): Writable {
    const { id } = this.#options.call.head;
    this.#head = { v: 1, action: 'answer', id, status, headers: replyHeaders(headers) };
    const length = headers['content-length'];
    if (length !== undefined && Number(length) <= wholeBytesMax) return (this.#sink = new Sink());
    if (status === 204 || status === 304) return (this.#sink = new Sink());
    this.#sink = new Sink(() => this.#signal.emit('abort'));
    this.#answer({ head: this.#head, body: this.#sink.download! });
    return this.#sink;
  }

  #complete(): void {
    const sink = this.#sink!;
    if (sink.download) sink.download.end();
    else this.#answer({ head: this.#head!, body: sink.bytes() });
    this.#end();
  }

  async #broken(error: Error): Promise<void> {
    const { explain, stale } = this.#options;
    const fault = await explain(error);
    // A kept connection may be closed by the program just as a request goes out on it.
    if (!fault && this.#again && !this.#head) {
      this.#again = false;
      return this.#send();
    }
    this.#refuse(fault ?? stale());
    this.#sink?.download?.break(fault ?? stale());
    this.#end();
  }
}

function toUndici(body: Body): Uint8Array | AsyncIterable<Uint8Array> | null {
  if (!(body instanceof Uint8Array)) return watched(body);
  return body.length === 0 ? null : body;
}

/** Tells a sender that broke off from a program that did. */
async function* watched(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    if (cause instanceof FuncatronError) throw cause;
    const detail = `the request body broke off: ${(cause as Error).message}`;
    throw new FuncatronError('cancelled', detail, { cause });
  }
}

/** Takes an answer's body: whole, or handed on as it comes, with back-pressure. */
class Sink extends Writable {
  readonly download: Download | undefined;
  readonly #chunks: Buffer[] = [];
  #unread = 0;
  #held: (() => void) | undefined;

  constructor(onLeave?: () => void) {
    super({ decodeStrings: false });
    if (onLeave) this.download = new Download({ onRead: (bytes) => this.#read(bytes), onLeave });
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (!this.download) {
      this.#chunks.push(chunk);
      return done();
    }
    this.download.push(chunk);
    this.#unread += chunk.length;
    if (this.#unread < aheadBytesMax) done();
    else this.#held = done;
  }

  bytes(): Buffer {
    return this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
  }

  #read(bytes: number): void {
    this.#unread -= bytes;
    const held = this.#held;
    if (!held || this.#unread >= aheadBytesMax) return;
    this.#held = undefined;
    held();
  }
}
