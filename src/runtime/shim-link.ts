/**
 * One dev shim: a program in its author's hands, most likely in a debugger, that has connected and
 * runs Funcs. It greets, says its Swagger as often as that changes, and answers what it is asked.
 */
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { FuncatronError } from '../errors.ts';
import { BadLine, isObject, LineCutter, readLine, tooLong, writeLine } from './shim-line.ts';
import type { ShimMessage } from './shim-line.ts';

export interface Swagger {
  text: string;
  /** What its author calls it, where the shim says so: the original's does not. */
  file: string | undefined;
}

export interface ShimEvents {
  /** Its first line made sense; refuse it now, or it is there. */
  onGreeted(link: ShimLink): void;
  onSwagger(link: ShimLink, swagger: Swagger): void;
  /** It said what cannot be understood; it has been told. */
  onBadLine(link: ShimLink, message: string): void;
  /** An answer came to a call that was given up on. */
  onLate(link: ShimLink, operationId: string): void;
}

/** The `response` of a `reply` line, still anything; and whether its body is Base64. */
export interface ShimReply {
  response: unknown;
  decodeBody: boolean;
}

/** A call of a Func; `settle` is called once, with the answer or with why there is none. */
export interface ShimCall {
  operationId: string;
  settle(outcome: ShimReply | FuncatronError): void;
}

/** An operation no contract can have: a shim answers that there is none, which is an answer. */
const pingOperation = '$ping';
/** Lines that make no sense, after which nobody believes that the next one will. */
const badLinesMax = 10;
/** Calls given up on whose answers are still known when they come. */
const lateMax = 1_000;
/** Time to take the last line before the connection is cut. */
const lastLineMs = 1_000;
/** Between the last byte of a connection and the first question whether its host is still there. */
const keepAliveMs = 5_000;
const fileNameMax = 1_024;

export class ShimLink {
  /** Its address and port. */
  readonly name: string;
  readonly since = new Date();
  /** When it last said something, in milliseconds since 1970. */
  heardAt = Date.now();
  readonly #socket: Socket;
  readonly #events: ShimEvents;
  readonly #lineBytesMax: number;
  readonly #calls = new Map<string, ShimCall>();
  readonly #late = new Map<string, string>();
  readonly #gone = Promise.withResolvers<void>();
  #isGreeted = false;
  #isOver = false;
  #badLines = 0;

  /** Reads nothing before `listen`. */
  constructor(socket: Socket, events: ShimEvents, lineBytesMax: number) {
    this.name = `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`;
    this.#socket = socket;
    this.#events = events;
    this.#lineBytesMax = lineBytesMax;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveMs);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#end());
  }

  /** Resolves when nothing can be asked of it any more. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isGreeted(): boolean {
    return this.#isGreeted;
  }

  listen(): void {
    const cutter = new LineCutter(this.#lineBytesMax);
    this.#socket.on('data', (chunk: Buffer) => {
      // What a refused one still sends is read away, so that it sees the end.
      if (this.#isOver) return;
      try {
        for (const line of cutter.push(chunk)) {
          if (this.#isOver) return;
          this.#onLine(line);
        }
      } catch (thrown) {
        this.#onBad(thrown);
      }
    });
  }

  /** Has a Func called; gives the id of the call. Throws when the request is too long to send. */
  invoke(call: ShimCall, req: object): string {
    const replyTo = randomUUID();
    const line = writeLine({ cmd: 'invoke', class: call.operationId, replyTo, req });
    if (line.length > this.#lineBytesMax)
      throw new FuncatronError(
        'body_too_large',
        tooLong('the request', this.#lineBytesMax).message,
      );
    if (this.#isOver) throw wentAway();
    this.#calls.set(replyTo, call);
    this.#socket.write(line);
    return replyTo;
  }

  /** Nobody waits for a call any more; its answer may still come. */
  forget(id: string): void {
    const call = this.#calls.get(id);
    if (!call || !this.#calls.delete(id)) return;
    this.#late.set(id, call.operationId);
    if (this.#late.size > lateMax) this.#late.delete(this.#late.keys().next().value!);
  }

  /** Whether it answers a question within a time: a process that hangs or is halted does not. */
  isAnswering(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.#isOver) return resolve(false);
      const timer = setTimeout(() => resolve(false), timeoutMs);
      const settle = (outcome: ShimReply | FuncatronError): void => {
        clearTimeout(timer);
        resolve(!(outcome instanceof FuncatronError));
      };
      this.invoke({ operationId: pingOperation, settle }, { 'request-method': 'get' });
    });
  }

  /** Tells it what is wrong. */
  say(message: string): void {
    if (!this.#isOver) this.#socket.write(writeLine({ cmd: 'error', message }));
  }

  /** Tells it why, and ends the connection. */
  refuse(message: string): void {
    if (this.#isOver) return;
    this.#socket.resume();
    this.#socket.end(writeLine({ cmd: 'error', message }));
    const timer = setTimeout(() => this.#socket.destroy(), lastLineMs);
    this.#socket.once('close', () => clearTimeout(timer));
    this.#end();
  }

  close(): void {
    this.#socket.destroy();
    this.#end();
  }

  #onLine(line: Buffer): void {
    try {
      const message = readLine(line);
      if (message) this.#onMessage(message);
    } catch (thrown) {
      this.#onBad(thrown);
    }
  }

  #onMessage(message: ShimMessage): void {
    const { cmd } = message;
    if (cmd !== 'hello' && cmd !== 'setSwagger' && cmd !== 'reply')
      throw new BadLine(`there is no cmd "${cut(cmd)}"; a shim says hello, setSwagger and reply`);
    this.heardAt = Date.now();
    if (!this.#isGreeted) {
      this.#isGreeted = true;
      this.#events.onGreeted(this);
      if (this.#isOver) return;
    }
    if (cmd === 'setSwagger') this.#events.onSwagger(this, readSwagger(message));
    else if (cmd === 'reply') this.#onReply(message);
  }

  #onReply({ replyTo, response, decodeBody }: ShimMessage): void {
    const id = String(replyTo);
    const call = this.#calls.get(id);
    if (call) {
      this.#calls.delete(id);
      return call.settle({ response, decodeBody: decodeBody === true });
    }
    const operationId = this.#late.get(id);
    if (operationId === undefined)
      throw new BadLine(
        `no call waits for replyTo "${cut(id)}"; it has been answered, or never was`,
      );
    this.#late.delete(id);
    this.#events.onLate(this, operationId);
  }

  #onBad(thrown: unknown): void {
    if (!(thrown instanceof BadLine)) throw thrown;
    const isFinal = thrown.isFinal || !this.#isGreeted || ++this.#badLines >= badLinesMax;
    const message = isFinal ? `${thrown.message}; the connection is closed` : thrown.message;
    if (isFinal) this.refuse(message);
    else this.say(message);
    this.#events.onBadLine(this, message);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#late.clear();
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const call of calls) call.settle(wentAway());
    this.#gone.resolve();
  }
}

export const wentAway = (): FuncatronError =>
  new FuncatronError('func_exited', 'the dev shim went away; start its program again');

function readSwagger({ swagger, file }: ShimMessage): Swagger {
  if (isObject(swagger)) return { text: JSON.stringify(swagger), file: undefined };
  if (typeof swagger !== 'string')
    throw new BadLine('setSwagger has no text "swagger": the document, as YAML or JSON');
  const isName = typeof file === 'string' && file !== '' && file.length <= fileNameMax;
  return { text: swagger, file: isName ? file : undefined };
}

/** What somebody sent, short enough to be repeated. */
function cut(text: string): string {
  return text.length > 64 ? `${text.slice(0, 64)}...` : text;
}
