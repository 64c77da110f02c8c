/**
 * Connections to the bundle's HTTP program: one request at a time on each, kept for the next. A
 * client of our own, since the general ones cost more than the rest of a call.
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { FuncatronError } from '../errors.ts';
import { lenderOf } from '../lending.ts';
import type { Body } from '../message.ts';
import { AnswerParser } from './http-parser.ts';
import type { AnswerHeaders } from './http-parser.ts';

/** A body up to this goes out in one string with its head. */
const oneWriteBytesMax = 8 * 1024;
/** So much of a body is sent at most before it is looked whether the answer has come. */
const turnBytesMax = 1024 * 1024;

export interface HttpRequest {
  method: string;
  /** With the query. */
  path: string;
  /** Name and value in turn. */
  headers: readonly (string | string[])[];
  body: Body;
}

export interface HttpEvents {
  onHead(status: number, headers: AnswerHeaders): void;
  /** False: no more until `resume`. */
  onBody(chunk: Buffer): boolean;
  onEnd(): void;
  /** Once, instead of `onEnd`. */
  onError(error: Error): void;
}

export class HttpConnection {
  readonly #socket: Socket;
  /** The host of requests that name none. */
  readonly #authority: string;
  readonly #parser: AnswerParser;
  /** Told when the request is over: whether the connection can have another. */
  readonly #onFree: (connection: HttpConnection, isReusable: boolean) => void;
  #events: HttpEvents | undefined;
  #isSent = true;
  #sender: AsyncIterator<Uint8Array> | undefined;
  #error: Error | undefined;
  idleSince = 0;

  constructor(
    host: string,
    port: number,
    onFree: (connection: HttpConnection, isReusable: boolean) => void,
  ) {
    this.#onFree = onFree;
    this.#authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    this.#socket = connect({ host, port, noDelay: true });
    this.#parser = new AnswerParser({
      onHead: (status, headers) => this.#events?.onHead(status, headers),
      onBody: (chunk) => {
        if (this.#events?.onBody(chunk) === false) this.#socket.pause();
      },
      onEnd: (isReusable) => this.#end(isReusable),
    });
    this.#socket.on('data', (chunk: Buffer) => this.#hear(chunk));
    this.#socket.on('error', (error) => (this.#error = error));
    this.#socket.on('close', () => this.#closed());
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.readable;
  }

  /** Throws `bad_request` for a request that no HTTP message can be. */
  send(request: HttpRequest, events: HttpEvents): void {
    const { method, body } = request;
    const head = headText(request, this.#authority);
    this.#events = events;
    this.#parser.expect(method);
    if (!(body instanceof Uint8Array)) {
      this.#socket.write(head, 'latin1');
      this.#isSent = false;
      void this.#feed(body, declaredLength(request));
    } else if (body.byteLength <= oneWriteBytesMax) {
      const text = Buffer.prototype.latin1Slice.call(body, 0, body.byteLength);
      this.#socket.write(head + text, 'latin1');
    } else {
      this.#socket.cork();
      this.#socket.write(head, 'latin1');
      this.#socket.write(body);
      this.#socket.uncork();
    }
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(error?: Error): void {
    if (error) this.#error ??= error;
    this.#socket.destroy();
  }

  #hear(chunk: Buffer): void {
    try {
      this.#parser.push(chunk);
    } catch (thrown) {
      this.destroy(thrown as Error);
    }
  }

  #end(isReusable: boolean): void {
    const events = this.#events;
    this.#events = undefined;
    this.#stopFeeding();
    const isKept = isReusable && this.#isSent;
    if (!isKept) this.#socket.destroy();
    else this.#socket.resume();
    events?.onEnd();
    this.#onFree(this, isKept);
  }

  #closed(): void {
    const error = this.#error;
    if (this.#events && !error && this.#parser.close()) return;
    const events = this.#events;
    this.#events = undefined;
    this.#stopFeeding();
    this.#onFree(this, false);
    events?.onError(error ?? new Error('the connection was closed'));
  }

  /** The answer was early: whoever sends the request is told that nobody reads it. */
  #stopFeeding(): void {
    this.#sender?.return?.().catch(() => undefined);
    this.#sender = undefined;
  }

  /** Sends a body as fast as it is taken: counted where its length is declared, else in chunks. */
  async #feed(body: AsyncIterable<Uint8Array>, length: number | undefined): Promise<void> {
    const socket = this.#socket;
    const chunks = (this.#sender = body[Symbol.asyncIterator]());
    const lender = lenderOf(body);
    let bytes = 0;
    let turnAt = turnBytesMax;
    try {
      for (;;) {
        // Where the program takes all at once, nothing else makes the loop turn.
        if (bytes >= turnAt) {
          await turn();
          turnAt = bytes + turnBytesMax;
        }
        const { done, value } = await chunks.next();
        if (done || socket.destroyed || this.#sender !== chunks) break;
        bytes += value.byteLength;
        if (length !== undefined && bytes > length) throw mismatch(length);
        if (value.byteLength === 0) continue;
        if (length === undefined) socket.write(`${value.byteLength.toString(16)}\r\n`, 'latin1');
        let goesOn = socket.write(value, () => lender?.giveBack(value));
        if (length === undefined) goesOn = socket.write('\r\n', 'latin1');
        if (!goesOn) await drained(socket);
      }
      if (this.#sender !== chunks) return;
      if (length !== undefined && bytes < length) throw mismatch(length);
      if (length === undefined) socket.write('0\r\n\r\n', 'latin1');
      this.#isSent = true;
      this.#sender = undefined;
    } catch (thrown) {
      this.#sender = undefined;
      this.destroy(brokenOff(thrown));
    }
  }
}

/** The request up to its body. Throws `bad_request`: nothing may end a line but we. */
function headText({ method, path, headers, body }: HttpRequest, authority: string): string {
  if (!/^[A-Z][\w-]*$/i.test(method)) throw unsendable(`the method ${JSON.stringify(method)}`);
  if (!/^[\x21-\x7e\x80-\xff]+$/.test(path)) throw unsendable('the path');
  let text = `${method} ${path} HTTP/1.1\r\n`;
  let isCounted = false;
  let isHosted = false;
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string;
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) throw unsendable(`the header ${JSON.stringify(name)}`);
    if (name === 'content-length') isCounted = true;
    if (name === 'host') isHosted = true;
    for (const value of [headers[at + 1]!].flat()) {
      if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
        throw unsendable(`the value of the header ${name}`);
      text += `${name}: ${value}\r\n`;
    }
  }
  if (!isHosted) text += `host: ${authority}\r\n`;
  if (!(body instanceof Uint8Array)) {
    if (!isCounted) text += 'transfer-encoding: chunked\r\n';
  } else if (body.byteLength > 0 || method.startsWith('P'))
    text += `content-length: ${body.byteLength}\r\n`;
  return `${text}connection: keep-alive\r\n\r\n`;
}

function declaredLength({ headers }: HttpRequest): number | undefined {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name === 'content-length');
  if (at < 0) return undefined;
  const length = String(headers[at + 1]);
  if (!/^\d{1,15}$/.test(length)) throw unsendable('the header content-length');
  return Number(length);
}

const unsendable = (what: string): FuncatronError =>
  new FuncatronError('bad_request', `cannot be forwarded: ${what} is none of HTTP`);

const mismatch = (length: number): FuncatronError =>
  new FuncatronError(
    'bad_request',
    `cannot be forwarded: the body is not of the ${length} bytes its content-length says`,
  );

/** Tells a sender that broke off from a program that did. */
function brokenOff(thrown: unknown): FuncatronError {
  if (thrown instanceof FuncatronError) return thrown;
  const detail = `the request body broke off: ${(thrown as Error).message}`;
  return new FuncatronError('cancelled', detail, { cause: thrown });
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    if (socket.destroyed) return resolve();
    socket.on('drain', done).on('close', done);
  });
}
