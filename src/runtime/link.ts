/**
 * The runner's end of the connection to one worker. Its life: hello, assign, calls, drain.
 * A worker that breaks the protocol is killed; one that is gone rejects every call in hand at once.
 */
import type { Socket } from 'node:net';
import { FuncatronError } from '../errors.ts';
import type { Reply } from '../message.ts';
import { describeExit } from '../watchdog/program.ts';
import { CallTable } from './call-table.ts';
import { readAssigned, readFailure, readHello, readLog } from './payload.ts';
import type { Assigned, Assignment, FuncLog, Worker, WorkerCall } from './runtime.ts';
import type { WorkerEvents, WorkerExit } from './runtime.ts';
import { FrameReader, FrameWriter, broken, frameType, readNumber } from './wire.ts';
import type { FrameType } from './wire.ts';

/** What a link needs of the process at its other end, or of the part of one that is its worker's. */
export interface WorkerProcess {
  readonly pid: number;
  readonly exited: boolean;
  /** Resolves when it is gone and its output has been read; never rejects. */
  readonly gone: Promise<WorkerExit>;
  /** A line of whatever origin: all count against one limit. */
  say(line: () => FuncLog): void;
  rssBytes(): number;
  cpuMs(): number;
  /** Ends it now. */
  kill(): void;
}

export interface LinkOptions {
  process: WorkerProcess;
  socket: Socket;
  events: WorkerEvents;
  assignTimeoutMs: number;
  /** Last words that say the memory was used up. */
  outOfMemory: RegExp | undefined;
  /** What to raise then; default x-funcatron.memory. */
  memoryOption?: string;
}

interface Deferred<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

export class Link implements Worker {
  readonly #options: LinkOptions;
  readonly #process: WorkerProcess;
  readonly #writer: FrameWriter;
  readonly #calls: CallTable;
  readonly #pings = new Map<number, (alive: boolean) => void>();
  #hello: Deferred<void> | undefined;
  #assigned: Deferred<Assigned> | undefined;
  #assignment: Assignment | undefined;
  #greeted = false;
  #lastPing = 0;
  #draining = false;
  readonly #closed = Promise.withResolvers<void>();
  /** Why no call can be made any more. */
  #over: FuncatronError | undefined;

  constructor(options: LinkOptions) {
    const { process, socket } = options;
    this.#options = options;
    this.#process = process;
    this.#writer = new FrameWriter(socket);
    this.#calls = new CallTable(this.#writer, (line) => process.say(line));
    const reader = new FrameReader((type, stream, payload) => this.#on(type, stream, payload));
    socket.on('data', (chunk: Buffer) => {
      try {
        if (!this.#over) reader.push(chunk);
      } catch (error) {
        this.#break(error as Error);
      }
    });
  }

  get pid(): number | undefined {
    return this.#process.exited ? undefined : this.#process.pid;
  }

  get open(): number {
    return this.#calls.size;
  }

  rssBytes(): number {
    return this.#process.rssBytes();
  }

  cpuMs(): number {
    return this.#process.cpuMs();
  }

  /** Resolves with the worker's first frame. */
  greeted(): Promise<void> {
    return new Promise((resolve, reject) => (this.#hello = { resolve, reject }));
  }

  async assign(assignment: Assignment): Promise<Assigned> {
    if (this.#over) throw this.#over;
    this.#assignment = assignment;
    this.#calls.stacks = assignment.stacks;
    const { command: _command, ...rest } = assignment;
    const { promise, resolve, reject } = Promise.withResolvers<Assigned>();
    this.#assigned = { resolve, reject };
    this.#writer.send(frameType.assign, 0, JSON.stringify(rest));
    const ms = this.#options.assignTimeoutMs;
    const timer = setTimeout(() => {
      const why = `it took over ${ms / 1000} s; does it wait for something at its top level?`;
      reject(this.#loadFailed(why));
      this.kill();
    }, ms);
    return promise.finally(() => clearTimeout(timer));
  }

  call(call: WorkerCall): Promise<Reply> {
    if (!this.#over && !this.#draining) return this.#calls.open(call);
    const detail = 'the worker takes no more calls: it is being drained';
    return Promise.reject(this.#over ?? new FuncatronError('func_exited', detail));
  }

  ping(timeoutMs: number): Promise<boolean> {
    if (this.#over) return Promise.resolve(false);
    const ping = (this.#lastPing = (this.#lastPing + 1) >>> 0);
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
    await this.#closed.promise;
  }

  kill(): void {
    this.#process.kill();
  }

  /** Gives up the calls in hand now: what runs them may take a while to end. */
  abandon(): void {
    this.#end(new FuncatronError('func_exited', 'the worker was ended during the call'));
  }

  /** The process is gone and nothing more comes from it. */
  closed(exit: WorkerExit): void {
    const how = describeExit(exit);
    const memory = this.#options.outOfMemory?.test(exit.lastWords) ?? false;
    const option = this.#options.memoryOption ?? 'x-funcatron.memory';
    const detail = memory
      ? `the worker used up its memory and ended (${how}); see ${option}`
      : `the worker ended during the call (${how})`;
    const words = this.#calls.stacks && exit.lastWords ? { funcStack: exit.lastWords } : {};
    const ended = exit.lastWords ? `it last wrote: ${exit.lastWords}` : 'it wrote nothing about it';
    this.#assigned?.reject(this.#loadFailed(`the worker ended (${how}); ${ended}`));
    this.#end(new FuncatronError(memory ? 'func_memory' : 'func_exited', detail, words));
    this.#closed.resolve();
    this.#options.events.onExit(exit);
  }

  #on(type: FrameType, stream: number, payload: Buffer): void {
    switch (type) {
      case frameType.log:
        return this.#process.say(() => readLog(payload, this.#calls.requestId(stream)));
      case frameType.pong:
        return this.#pings.get(readNumber(payload))?.(true);
      case frameType.hello:
        readHello(payload);
        this.#greeted = true;
        return this.#hello?.resolve();
      case frameType.assigned:
        return this.#assigned?.resolve(readAssigned(payload));
      case frameType.refused:
        return this.#onRefused(payload);
      default:
        if (!this.#greeted) throw broken(`its first frame is of type ${type}, not HELLO`);
        return this.#calls.take(type, stream, payload);
    }
  }

  #onRefused(payload: Buffer): void {
    const { message, stack } = readFailure(payload);
    const text = typeof stack === 'string' ? stack : undefined;
    if (text) this.#process.say(() => ({ level: 'error', text }));
    this.#assigned?.reject(this.#loadFailed(String(message), text));
  }

  #loadFailed(why: string, stack?: string): FuncatronError {
    const { name, handler, stacks } = this.#assignment!;
    const detail = `bundle ${name}: loading ${handler ?? 'it'} failed: ${why}`;
    return new FuncatronError('worker_start_failed', detail, {
      ...(stacks && stack && { funcStack: stack }),
    });
  }

  /** The worker speaks something else: nothing it says can be trusted. */
  #break(error: Error): void {
    this.#process.say(() => ({ level: 'error', text: error.message }));
    this.#end(error instanceof FuncatronError ? error : broken(error.message));
    this.kill();
  }

  #end(error: FuncatronError): void {
    if (this.#over) return;
    this.#over = error;
    this.#hello?.reject(error);
    if (this.#assignment) this.#assigned?.reject(this.#loadFailed(error.message));
    for (const settle of this.#pings.values()) settle(false);
    this.#calls.fail(error);
  }
}
