/**
 * What passes between a watchdog and a warm program: for each call one line and the body, for each
 * answer one line and the body. `docs/watchdog.md` is for those who write such programs.
 *
 *   LENGTH METHOD URI JSON\n      then LENGTH bytes
 *   LENGTH[ STATUS[ JSON]]\n      then LENGTH bytes
 */
import type { Headers } from '../../message.ts';
import type { WorkerCall } from '../runtime.ts';
import { uriOf } from './mode.ts';
import { canonicalHeaders } from './variable.ts';

/** A longer line is none. */
const lineBytesMax = 64 * 1024;
const newline = 10;

/** The line and the body of a call, ready to be written. */
export function callFrame(call: WorkerCall, body: Uint8Array): Buffer {
  const { head } = call;
  const facts = {
    id: head.id,
    headers: Object.fromEntries(canonicalHeaders(head.headers)),
    host: head.host,
    remote: head.remote,
    ...(Number.isSafeInteger(head.deadline) && { deadline: head.deadline }),
    ...(head.auth && { auth: head.auth }),
  };
  const words = [body.byteLength, word(head.method), word(uriOf(call)), ascii(facts)];
  return Buffer.concat([Buffer.from(`${words.join(' ')}\n`), body]);
}

/** One word on one line, whatever the caller sent: other bytes as `%E4`. */
function word(text: string): string {
  const bytes = Buffer.from(text, /[^\0-\xff]/.test(text) ? 'utf8' : 'latin1');
  return bytes.toString('latin1').replace(/[^\x21-\x7e]/g, (byte) => {
    return `%${byte.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`;
  });
}

/** JSON that neither ends a line nor depends on a character set. */
function ascii(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export interface AnswerHead {
  length: number;
  status: number;
  headers: Headers;
}

export interface FrameEvents {
  onHead(head: AnswerHead): void;
  onBody(chunk: Buffer): void;
  onEnd(): void;
  /** The frame is broken: nothing after this can be read. */
  onBroken(why: string): void;
}

/** Takes answers from a program's output, in whatever pieces it comes. */
export class FrameReader {
  readonly #events: FrameEvents;
  #line: Buffer[] = [];
  #lineBytes = 0;
  /** Of the body; undefined while the line is read. */
  #left: number | undefined;
  #broken = false;

  constructor(events: FrameEvents) {
    this.#events = events;
  }

  push(chunk: Buffer): void {
    for (let rest = chunk; rest.length > 0 && !this.#broken;)
      rest = this.#left === undefined ? this.#takeLine(rest) : this.#takeBody(rest, this.#left);
  }

  #takeLine(chunk: Buffer): Buffer {
    const end = chunk.indexOf(newline);
    const part = end < 0 ? chunk : chunk.subarray(0, end);
    this.#lineBytes += part.length;
    this.#line.push(part);
    if (this.#lineBytes > lineBytesMax) this.#break(`a line of over ${lineBytesMax} bytes`);
    else if (end >= 0) this.#readLine();
    return end < 0 ? chunk.subarray(chunk.length) : chunk.subarray(end + 1);
  }

  #readLine(): void {
    const line = Buffer.concat(this.#line).toString('utf8');
    this.#line = [];
    this.#lineBytes = 0;
    const head = parseAnswer(line);
    if (typeof head === 'string') return this.#break(head);
    this.#left = head.length;
    this.#events.onHead(head);
    if (head.length === 0) this.#end();
  }

  #takeBody(chunk: Buffer, left: number): Buffer {
    const part = chunk.subarray(0, left);
    this.#left = left - part.length;
    this.#events.onBody(part);
    if (this.#left === 0) this.#end();
    return chunk.subarray(part.length);
  }

  #end(): void {
    this.#left = undefined;
    this.#events.onEnd();
  }

  #break(why: string): void {
    this.#broken = true;
    this.#events.onBroken(why);
  }
}

/** The head an answer's line is, or what is wrong with it. */
export function parseAnswer(line: string): AnswerHead | string {
  const match = /^(\d{1,15})(?: (\d{3})(?: (\{.*\}))?)?\r?$/.exec(line);
  if (!match)
    return `the line ${JSON.stringify(line.slice(0, 80))}, which is no "LENGTH [STATUS [HEADERS]]"`;
  const status = Number(match[2] ?? 200);
  if (status < 200 || status > 599) return `the status ${status}, which is not 200 to 599`;
  const headers = parseHeaders(match[3] ?? '{}');
  if (typeof headers === 'string') return headers;
  return { length: Number(match[1]), status, headers };
}

function parseHeaders(text: string): Headers | string {
  let given: Record<string, unknown>;
  try {
    given = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return `headers that are no JSON object: ${text.slice(0, 80)}`;
  }
  const headers: Headers = Object.create(null) as Headers;
  for (const [name, value] of Object.entries(given)) {
    const values = [value].flat().map((one) => (typeof one === 'number' ? String(one) : one));
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !values.every(isFieldValue))
      return `the header ${JSON.stringify(name)}, which no HTTP message can have`;
    headers[name.toLowerCase()] = values.length === 1 ? values[0]! : values;
  }
  return { ...headers };
}

/** RFC 9110 section 5.5: nothing that would end the field, and no byte above Latin-1. */
function isFieldValue(value: unknown): value is string {
  return typeof value === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}
