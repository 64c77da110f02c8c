/**
 * The runner's end of one connection to a worker process: calls out, answers in. A worker that
 * breaks the protocol is killed; one that is gone rejects every call in hand, at once.
 */
import type { Socket } from 'node:net';
import { FuncatronError } from '../errors.ts';
import type { Reply } from '../message.ts';
import { describeExit } from '../watchdog/program.ts';
import { callBody, callHead, failureOf } from './call-frame.ts';
import type { Failure } from './call-frame.ts';
import type { Child } from './child.ts';
import { PendingCall } from './pending-call.ts';
import { readAssigned, readFailure, readHello, readLog, readReplyHead } from './payload.ts';
import type { Assigned, Assignment, Worker, WorkerCall, WorkerEvents } from './runtime.ts';
import type { WorkerExit } from './runtime.ts';
import { Download, Upload } from './transfer.ts';
import { FrameReader, FrameWriter, broken, frameType, readNumber } from './wire.ts';
import type { FrameType } from './wire.ts';
import { splitHead } from './wire.ts';

/** A body above this does not fit one frame with its head. */
const wholeBodyBytesMax = 16 * 1024 * 1024;
const empty = new Uint8Array(0);

export interface LinkOptions {
  child: Child;
  socket: Socket;
  events: WorkerEvents;
  assignTimeoutMs: number;
  /** Last words that say the memory was used up. */
  outOfMemory: RegExp | undefined;
}

interface Deferred<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

export class Link implements Worker {
  readonly #options: LinkOptions;
  readonly #child: Child;
  readonly #writer: FrameWriter;
  /** Calls the worker has not ended, by stream. */
  readonly #calls = new Map<number, PendingCall>();
  readonly #pings = new Map<number, (alive: boolean) => void>();
  #hello: Deferred<void> | undefined;
  #assigned: Deferred<Assigned> | undefined;
  #assignment: Assignment | undefined;
  #nextStream = 1;
  #nextPing = 1;
  #draining = false;
  /** Why no call can be made any more. */
  #over: FuncatronError | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#child = options.child;
    this.#writer = new FrameWriter(options.socket);
    const reader = new FrameReader((type, stream, payload) => this.#on(type, stream, payload));
    options.socket.on('data', (chunk: Buffer) => {
      try {
        if (!this.#over) reader.push(chunk);
      } catch (error) {
        this.#break(error);
      }
    });
  }

  get pid(): number | undefined {
    return this.#child.exited ? undefined : this.#child.pid;
  }

  get open(): number {
    return this.#calls.size;
  }

  rssBytes(): number {
    return this.#child.rssBytes();
  }

  /** Resolves with the worker's first frame. */
  greeted(): Promise<void> {
    return new Promise((resolve, reject) => (this.#hello = { resolve, reject }));
  }

  assign(assignment: Assignment): Promise<Assigned> {
    if (this.#over) return Promise.reject(this.#over);
    this.#assignment = assignment;
    const { command: _command, ...rest } = assignment;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new FuncatronError('worker_start_failed', this.#slowToAssign()));
        this.kill();
      }, this.#options.assignTimeoutMs);
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          then(value);
        };
      this.#assigned = { resolve: settle(resolve), reject: settle(reject) };
      this.#writer.send(frameType.assign, 0, JSON.stringify(rest));
    });
  }

  call(call: WorkerCall): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#over || this.#draining) return reject(this.#over ?? drainingError());
      if (call.cancellation?.cancelled) return reject(cancelledError());
      const stream = this.#nextStream;
      this.#nextStream = stream === 0xffffffff ? 1 : stream + 1;
      if (this.#calls.has(stream)) return reject(drainingError());
      const pending = new PendingCall(stream, call, resolve, reject);
      this.#calls.set(stream, pending);
      call.cancellation?.onCancel(() => this.#abandon(pending, cancelledError()));
      const body = callBody(call);
      if (body instanceof Uint8Array && body.length <= wholeBodyBytesMax)
        this.#writer.sendBody(frameType.call, stream, callHead(call, false), body);
      else {
        const streamed = !(body instanceof Uint8Array);
        this.#writer.sendBody(frameType.callOpen, stream, callHead(call, streamed), empty);
        void this.#upload(pending, body);
      }
    });
  }

  ping(timeoutMs: number): Promise<boolean> {
    if (this.#over) return Promise.resolve(false);
    const ping = this.#nextPing++ % 0xffffffff;
    return new Promise((resolve) => {
      const settle = (alive: boolean): void => {
        clearTimeout(timer);
        this.#pings.delete(ping);
        resolve(alive);
      };
      const timer = setTimeout(() => settle(false), timeoutMs);
      this.#pings.set(ping, settle);
      this.#writer.sendNumber(frameType.ping, 0, ping);
    });
  }

  async drain(): Promise<void> {
    if (!this.#over && !this.#draining) {
      this.#draining = true;
      this.#writer.send(frameType.drain, 0);
    }
    await this.#child.gone;
  }

  kill(): void {
    this.#child.kill();
  }

  /** The process is gone and nothing more comes from it. */
  closed(exit: WorkerExit): void {
    const how = describeExit(exit);
    const memory = this.#options.outOfMemory?.test(exit.lastWords);
    const stack = this.#assignment?.stacks && exit.lastWords;
    const detail = memory
      ? `the worker used up its memory and ended (${how}); see x-funcatron.memory`
      : `the worker ended during the call (${how})`;
    this.#end(
      new FuncatronError(memory ? 'func_memory' : 'func_exited', detail, {
        ...(stack && { funcStack: stack }),
      }),
    );
    this.#options.events.onExit(exit);
  }

  #on(type: FrameType, stream: number, payload: Buffer): void {
    switch (type) {
      case frameType.reply:
        return this.#onReply(stream, payload);
      case frameType.replyOpen:
        return this.#onReplyOpen(stream, payload);
      case frameType.data:
        return this.#onData(stream, payload);
      case frameType.end:
        return this.#finish(stream);
      case frameType.fail:
        return this.#onFail(stream, readFailure(payload));
      case frameType.window:
        return this.#calls.get(stream)?.upload?.grant(readNumber(payload));
      case frameType.log:
        return this.#child.say(() => readLog(payload, this.#calls.get(stream)?.id));
      case frameType.pong:
        return this.#pings.get(readNumber(payload))?.(true);
      case frameType.hello:
        readHello(payload);
        return this.#hello?.resolve();
      case frameType.assigned:
        return this.#assigned?.resolve(readAssigned(payload));
      case frameType.refused:
        return this.#onRefused(readFailure(payload));
      default:
        throw broken(`a worker does not send frames of type ${type}`);
    }
  }

  #onReply(stream: number, payload: Buffer): void {
    const call = this.#calls.get(stream);
    const { head, body } = splitHead(payload);
    const { status, headers } = readReplyHead(head);
    if (!call || call.download) return this.#answeredTwice(stream);
    this.#calls.delete(stream);
    call.end();
    if (!call.abandoned) call.answer(status, headers, body);
  }

  #onReplyOpen(stream: number, payload: Buffer): void {
    const call = this.#calls.get(stream);
    const { head, body } = splitHead(payload);
    const { status, headers } = readReplyHead(head);
    if (!call || call.download) return this.#answeredTwice(stream);
    const download = (call.download = new Download({
      onRead: (bytes) => this.#writer.sendNumber(frameType.window, stream, bytes),
      onLeave: () => this.#abandon(call, cancelledError()),
    }));
    if (call.abandoned) return;
    if (body.length > 0) download.push(body);
    call.answer(status, headers, download);
  }

  #onData(stream: number, payload: Buffer): void {
    const call = this.#calls.get(stream);
    if (!call?.download) return this.#answeredTwice(stream);
    if (!call.abandoned && !call.download.push(payload))
      throw broken('it sends more of a body than WINDOW allows');
  }

  #onFail(stream: number, failure: Failure): void {
    const call = this.#calls.get(stream);
    if (!call) return this.#answeredTwice(stream);
    this.#calls.delete(stream);
    if (!call.abandoned) {
      const error = failureOf(call.operationId, failure, this.#assignment?.stacks ?? false);
      if (error.status >= 500 && typeof failure.stack === 'string') this.#sayStack(call, failure);
      call.fail(error);
    }
    call.end();
  }

  /** The Func's author gets the stack, whatever its caller is told. */
  #sayStack(call: PendingCall, { stack }: Failure): void {
    this.#child.say(() => ({ level: 'error', requestId: call.id, text: stack as string }));
  }

  #finish(stream: number): void {
    const call = this.#calls.get(stream);
    if (!call?.download) return this.#answeredTwice(stream);
    this.#calls.delete(stream);
    call.end();
  }

  #onRefused({ message, stack }: Failure): void {
    const { name, handler, stacks } = this.#assignment ?? {};
    const detail = `bundle ${name}: loading ${handler ?? 'it'} failed: ${String(message)}`;
    if (typeof stack === 'string') this.#child.say(() => ({ level: 'error', text: stack }));
    const funcStack = stacks && typeof stack === 'string' ? { funcStack: stack } : {};
    this.#assigned?.reject(new FuncatronError('worker_start_failed', detail, funcStack));
  }

  #answeredTwice(stream: number): void {
    const text = `the worker answered call ${stream} of its connection more than once; ignored`;
    this.#child.say(() => ({ level: 'warn', text }));
  }

  #slowToAssign(): string {
    const { name, handler } = this.#assignment!;
    const seconds = this.#options.assignTimeoutMs / 1000;
    return `bundle ${name}: loading ${handler ?? 'it'} took over ${seconds} s; does it wait at its top level?`;
  }

  /** Nobody waits for a call any more: the worker is told, and still ends it. */
  #abandon(call: PendingCall, error: unknown): void {
    if (call.abandoned || this.#calls.get(call.stream) !== call) return;
    call.abandoned = true;
    const reason = Date.now() >= call.deadline ? 'deadline' : 'caller';
    this.#writer.send(frameType.cancel, call.stream, JSON.stringify({ reason }));
    call.fail(error);
    call.upload?.stop();
  }

  async #upload(call: PendingCall, body: Reply['body']): Promise<void> {
    const upload = (call.upload = new Upload());
    try {
      const whole = await upload.run(body, (chunk) =>
        this.#writer.send(frameType.data, call.stream, chunk),
      );
      if (whole) this.#writer.send(frameType.end, call.stream);
    } catch (cause) {
      const text = `the request body broke off: ${(cause as Error | undefined)?.message}`;
      const known = cause instanceof FuncatronError;
      this.#abandon(call, known ? cause : new FuncatronError('cancelled', text, { cause }));
    }
  }

  /** The worker speaks something else: nothing it says can be trusted. */
  #break(error: unknown): void {
    const { message } = error as Error;
    this.#child.say(() => ({ level: 'error', text: message }));
    this.#end(error as FuncatronError);
    this.kill();
  }

  #end(error: FuncatronError): void {
    if (this.#over) return;
    this.#over = error;
    this.#hello?.reject(error);
    const words = error.funcStack ? `; it last wrote: ${error.funcStack}` : '';
    const detail = `loading the bundle failed: ${error.message}${words}`;
    this.#assigned?.reject(new FuncatronError('worker_start_failed', detail));
    for (const settle of this.#pings.values()) settle(false);
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const call of calls) {
      if (!call.abandoned) call.fail(error);
      call.end();
    }
  }
}

const cancelledError = (): FuncatronError =>
  new FuncatronError('cancelled', 'the call was given up: nobody waits for its answer');
const drainingError = (): FuncatronError =>
  new FuncatronError('func_exited', 'the worker takes no more calls: it is being drained');
