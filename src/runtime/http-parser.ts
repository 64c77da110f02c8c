/**
 * Reads HTTP/1.1 responses of a program (RFC 9112) from the bytes of its connection, whatever
 * pieces they come in. For connections that have one request at a time.
 */
import { FuncatronError } from '../errors.ts';

/** Status line, headers or trailers that are longer are none. */
const headBytesMax = 64 * 1024;
const chunkLineBytesMax = 1024;

export type AnswerHeaders = Record<string, string | string[]>;

export interface AnswerEvents {
  onHead(status: number, headers: AnswerHeaders): void;
  onBody(chunk: Buffer): void;
  /** The answer is whole; `isReusable`: the connection may have another request. */
  onEnd(isReusable: boolean): void;
}

type State = 'head' | 'counted' | 'open' | 'size' | 'chunk' | 'chunkEnd' | 'trailer' | 'done';

export class AnswerParser {
  readonly #events: AnswerEvents;
  #method = '';
  #state: State = 'done';
  /** What came of a line or head that is not whole yet. */
  #held: Buffer | undefined;
  #left = 0;
  #isReusable = true;
  #trailerBytes = 0;

  constructor(events: AnswerEvents) {
    this.#events = events;
  }

  /** A request of this method is on its way: its answer comes next. */
  expect(method: string): void {
    this.#method = method;
    this.#state = 'head';
    this.#isReusable = true;
  }

  /** Throws `func_bad_result` for what is no HTTP, and for bytes that no request asked for. */
  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) rest = this.#step(rest);
  }

  /** The program has closed its side. False: in the midst of an answer. */
  close(): boolean {
    if (this.#state === 'open') this.#end(false);
    return this.#state === 'done';
  }

  #step(bytes: Buffer): Buffer {
    switch (this.#state) {
      case 'head':
        return this.#takeHead(bytes);
      case 'counted':
      case 'chunk':
        return this.#takeCounted(bytes);
      case 'open':
        this.#events.onBody(bytes);
        return none;
      case 'done':
        throw bad('there are bytes after its end');
      default:
        return this.#takeLine(bytes);
    }
  }

  #takeHead(bytes: Buffer): Buffer {
    const whole = this.#held ? Buffer.concat([this.#held, bytes]) : bytes;
    const end = whole.indexOf('\r\n\r\n');
    if (end < 0 || end > headBytesMax) {
      if (whole.length > headBytesMax) throw bad(`its headers are over ${headBytesMax} bytes`);
      if (!startsLikeHttp(whole)) throw bad('it does not begin with HTTP/1.1');
      this.#held = whole;
      return none;
    }
    this.#held = undefined;
    this.#readHead(whole.toString('latin1', 0, end));
    return whole.subarray(end + 4);
  }

  #readHead(text: string): void {
    const lines = text.split('\r\n');
    const match = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: |$)/.exec(lines[0]!);
    if (!match) throw bad(`it begins with ${JSON.stringify(lines[0]!.slice(0, 60))}`);
    const status = Number(match[2]);
    const headers = readHeaders(lines);
    if (status === 101) throw bad('it is 101, which nobody asked for');
    // What comes before the answer (RFC 9110 section 15.2) is not passed on.
    if (status < 200) return;
    const connection = String(headers['connection'] ?? '').toLowerCase();
    this.#isReusable =
      match[1] === '1' ? !connection.includes('close') : connection === 'keep-alive';
    const length = readLength(headers);
    this.#events.onHead(status, headers);
    this.#frame(status, headers, length);
  }

  /** How long the body is (RFC 9112 section 6.3). */
  #frame(status: number, headers: AnswerHeaders, length: number | undefined): void {
    const { 'transfer-encoding': coding } = headers;
    if (this.#method === 'HEAD' || status === 204 || status === 304) return this.#end();
    if (coding !== undefined) {
      if (length !== undefined) this.#isReusable = false;
      this.#state = /(^|[ ,])chunked$/i.test(String(coding)) ? 'size' : 'open';
    } else if (length === undefined) this.#state = 'open';
    else {
      this.#left = length;
      this.#state = 'counted';
      if (length === 0) this.#end();
    }
  }

  #takeCounted(bytes: Buffer): Buffer {
    const part = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.#left -= part.length;
    this.#events.onBody(part);
    if (this.#left === 0) {
      if (this.#state === 'chunk') this.#state = 'chunkEnd';
      else this.#end();
    }
    return bytes.subarray(part.length);
  }

  /** The lines between chunks, and the trailers after the last (RFC 9112 section 7.1). */
  #takeLine(bytes: Buffer): Buffer {
    const end = bytes.indexOf(10);
    const part = end < 0 ? bytes : bytes.subarray(0, end + 1);
    const line = this.#held ? Buffer.concat([this.#held, part]) : part;
    if (line.length > chunkLineBytesMax) throw bad('a line between its chunks has no end');
    this.#held = end < 0 ? line : undefined;
    if (end >= 0) this.#readLine(line.toString('latin1').replace(/\r?\n$/, ''));
    return end < 0 ? none : bytes.subarray(end + 1);
  }

  #readLine(line: string): void {
    if (this.#state === 'chunkEnd') {
      if (line !== '') throw bad('a chunk is longer than it says');
      this.#state = 'size';
    } else if (this.#state === 'size') {
      const match = /^([\da-fA-F]{1,13})\s*(;|$)/.exec(line);
      if (!match) throw bad('a chunk has no size');
      this.#left = Number.parseInt(match[1]!, 16);
      this.#state = this.#left === 0 ? 'trailer' : 'chunk';
      this.#trailerBytes = 0;
    } else if (line === '') this.#end();
    else if ((this.#trailerBytes += line.length) > headBytesMax)
      throw bad('its trailers are too long');
  }

  #end(isReusable = this.#isReusable): void {
    this.#state = 'done';
    this.#events.onEnd(isReusable);
  }
}

const none = Buffer.alloc(0);

function startsLikeHttp(bytes: Buffer): boolean {
  const known = 'HTTP/1.';
  return known.startsWith(bytes.toString('latin1', 0, known.length));
}

function readHeaders(lines: string[]): AnswerHeaders {
  const headers: AnswerHeaders = {};
  for (let at = 1; at < lines.length; at++) {
    const line = lines[at]!;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    const value = line.slice(colon + 1).trim();
    // oxlint-disable-next-line no-control-regex -- RFC 9110 section 5.5
    if (!isToken(name) || /[\0\r\n]/.test(value))
      throw bad(`it has the line ${JSON.stringify(line.slice(0, 60))}`);
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else headers[name] = [before, value];
  }
  return headers;
}

/** Throws `func_bad_result` for what is none, and for two that differ: before a byte is passed on. */
function readLength(headers: AnswerHeaders): number | undefined {
  const said = headers['content-length'];
  if (said === undefined) return undefined;
  const lengths = new Set([said].flat());
  const [first = ''] = lengths;
  if (lengths.size > 1 || !/^\d{1,15}$/.test(first)) throw bad('its content-length is no length');
  return Number(first);
}

const isToken = (name: string): boolean =>
  /^[\w!#$%&'*+.^`|~-]+$/.test(name) && name !== '__proto__';

function bad(why: string): FuncatronError {
  return new FuncatronError('func_bad_result', `the program's answer is no HTTP response: ${why}`);
}
