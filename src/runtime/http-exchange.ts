/** One call to the bundle's HTTP program, both bodies streamed. */
import type { FuncatronError } from '../errors.ts';
import { isIdempotent } from '../message.ts';
import type { Reply, ReplyHead } from '../message.ts';
import { replyHeaders } from './http-header.ts';
import type { Forward } from './http-header.ts';
import type { AnswerHeaders } from './http-parser.ts';
import type { HttpPool, Sending } from './http-pool.ts';
import type { WorkerCall } from './runtime.ts';
import { Download } from './transfer.ts';

/** An answer that says it is no longer than this is handed over whole. */
const wholeBytesMax = 256 * 1024;
/** What of a streamed answer may wait for its reader; the program waits above it. */
const aheadBytesMax = 1024 * 1024;

export interface ExchangeOptions {
  pool: HttpPool;
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
  /** Until its answer is whole: then the connection is another's. */
  #sending: Sending | undefined;
  #head: ReplyHead | undefined;
  #download: Download | undefined;
  #chunks: Buffer[] = [];
  #unread = 0;
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
    const { head, body } = options.call;
    this.#again = isIdempotent(head.method) && body instanceof Uint8Array;
    this.#send();
  }

  /** Fails the call and drops its connection, by which the program learns of it. */
  abort(error: FuncatronError): void {
    this.#refuse(error);
    this.#download?.break(error);
    this.#again = false;
    this.#sending?.abort(error);
  }

  #send(): void {
    const { pool, call, forward } = this.#options;
    const request = { method: call.head.method, ...forward, body: call.body };
    this.#sending = pool.send(request, {
      onHead: (status, headers) => this.#begin(status, headers),
      onBody: (chunk) => this.#take(chunk),
      onEnd: () => this.#complete(),
      onError: (error) => void this.#broken(error),
    });
  }

  #begin(status: number, headers: AnswerHeaders): void {
    const { id } = this.#options.call.head;
    this.#head = { v: 1, action: 'answer', id, status, headers: replyHeaders(headers) };
    const { 'content-length': length } = headers;
    if (length !== undefined && Number(length) <= wholeBytesMax) return;
    if (status === 204 || status === 304) return;
    // One that does not say how long it is may be there all the same, in the same packet.
    queueMicrotask(() => {
      if (this.#sending) this.#openStream(this.#head!);
    });
  }

  #openStream(head: ReplyHead): void {
    const download = (this.#download = new Download({
      onRead: (bytes) => {
        this.#unread -= bytes;
        if (this.#unread < aheadBytesMax) this.#sending?.resume();
      },
      onLeave: () => this.#sending?.abort(new Error('nobody reads the answer')),
    }));
    for (const chunk of this.#chunks.splice(0)) {
      download.push(chunk);
      this.#unread += chunk.length;
    }
    this.#answer({ head, body: download });
  }

  #take(chunk: Buffer): boolean {
    if (!this.#download) {
      this.#chunks.push(chunk);
      return true;
    }
    this.#download.push(chunk);
    this.#unread += chunk.length;
    return this.#unread < aheadBytesMax;
  }

  #complete(): void {
    this.#sending = undefined;
    if (this.#download) this.#download.end();
    else {
      const body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
      this.#answer({ head: this.#head!, body });
    }
    this.#end();
  }

  async #broken(error: Error): Promise<void> {
    this.#sending = undefined;
    const { explain, stale } = this.#options;
    const fault = await explain(error);
    // A kept connection may be closed by the program just as a request goes out on it.
    if (!fault && this.#again && !this.#head) {
      this.#again = false;
      return this.#send();
    }
    this.#refuse(fault ?? stale());
    this.#download?.break(fault ?? stale());
    this.#end();
  }
}
