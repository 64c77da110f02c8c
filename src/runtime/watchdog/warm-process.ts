/**
 * One program that is kept alive between calls, and has one call in hand at a time. It is idle,
 * busy, or over: a program that broke its frame, ended, was late or was given up is not used again.
 */
import { FuncatronError } from '../../errors.ts';
import type { Headers, Reply } from '../../message.ts';
import { goExit } from '../../watchdog/go.ts';
import { LastWords } from '../../watchdog/last-words.ts';
import { readLines } from '../../watchdog/line.ts';
import type { LineGate } from '../../watchdog/line.ts';
import { killProgram, stopProgram } from '../../watchdog/program.ts';
import type { Program, ProgramExit } from '../../watchdog/program.ts';
import { readRss } from '../../watchdog/tree.ts';
import { Download } from '../transfer.ts';
import type { WorkerCall } from '../runtime.ts';
import { reply } from './mode.ts';
import { callFrame, FrameReader } from './warm-frame.ts';
import type { AnswerHead } from './warm-frame.ts';

/** An answer up to this is handed over whole. */
const wholeBytesMax = 256 * 1024;
/** Of a longer one that nobody has read yet; the program waits above it. */
const aheadBytesMax = 1024 * 1024;
/** Time between SIGTERM and SIGKILL. */
const graceMs = 500;
/** How long what it still has to say may take to come, once it has ended. */
const wordsMs = 100;

export interface WarmProcessOptions {
  program: Program;
  name: string;
  gate: LineGate;
  lineBytesMax: number;
  replyBytesMax: number;
  /** Headers of an answer that says nothing of them. */
  usual(call: WorkerCall, known: Buffer): Headers;
  /** `requestId`: of the call in hand, else of the last: its lines may come after its answer. */
  onLine(text: string, requestId: string | undefined): void;
  /** It takes no more calls. */
  onOver(why: string | undefined): void;
}

interface Busy {
  call: WorkerCall;
  head: AnswerHead | undefined;
  chunks: Buffer[];
  download: Download | undefined;
  answer: (reply: Reply) => void;
  refuse: (error: FuncatronError) => void;
  /** The process is free again, or over. */
  leave: () => void;
}

export class WarmProcess {
  /** Resolves when nothing of it runs any more. */
  readonly gone: Promise<void>;
  readonly #options: WarmProcessOptions;
  readonly #reader: FrameReader;
  readonly #lastWords = new LastWords();
  #busy: Busy | undefined;
  #requestId: string | undefined;
  #over = false;
  #unread = 0;

  constructor(options: WarmProcessOptions) {
    this.#options = options;
    const { program, gate, lineBytesMax, onLine } = options;
    this.#reader = new FrameReader({
      onHead: (head) => this.#begin(head),
      onBody: (chunk) => this.#take(chunk),
      onEnd: () => this.#complete(),
      onBroken: (why) => this.#break(why),
    });
    program.stdin!.on('error', () => undefined);
    program.stdout.on('error', () => undefined);
    program.stdout.on('data', (chunk: Buffer) => this.#hear(chunk));
    const onText = (text: string): void => {
      this.#lastWords.add(text);
      onLine(text, this.#requestId);
    };
    const silent = readLines(program.stderr, gate, onText, lineBytesMax);
    this.gone = this.#watch(silent);
  }

  get isFree(): boolean {
    return !this.#over && this.#busy === undefined;
  }

  get pid(): number {
    return this.#options.program.pid;
  }

  rssBytes(): number {
    const { program } = this.#options;
    return program.exit ? 0 : readRss(program.pid);
  }

  /** Has the program answer a call; `onFree` is told when it can take the next, or is over. */
  run(call: WorkerCall, body: Uint8Array, onFree: () => void): Promise<Reply> {
    const { program } = this.#options;
    if (this.#over) {
      onFree();
      return Promise.reject(this.#exited(program.exit ?? { code: null, signal: null }));
    }
    const { promise, resolve: answer, reject: refuse } = Promise.withResolvers<Reply>();
    const more = { head: undefined, chunks: [], download: undefined };
    this.#busy = { call, ...more, answer, refuse, leave: onFree };
    this.#requestId = call.head.id;
    program.stdin!.write(callFrame(call, body));
    return promise;
  }

  /** Fails the call in hand and ends the program: its output has no meaning for another call. */
  abort(error: FuncatronError, atOnce = false): void {
    this.#fail(error);
    this.#stop(undefined, atOnce);
  }

  /** Lets it end by itself: its input is over. Ended all the same after a while. */
  async close(): Promise<void> {
    this.#over = true;
    this.#options.program.stdin!.end();
    const timer = setTimeout(() => this.#stop(undefined, false), graceMs);
    await this.gone;
    clearTimeout(timer);
  }

  #hear(chunk: Buffer): void {
    if (this.#over && !this.#busy) return;
    if (this.#busy) return this.#reader.push(chunk);
    this.#break(`${chunk.length} bytes that no call had asked for`);
  }

  #begin(head: AnswerHead): void {
    const busy = this.#busy;
    const { replyBytesMax, name } = this.#options;
    if (!busy) return this.#break('an answer that no call had asked for');
    if (head.length > replyBytesMax) {
      const detail = `"${name}" answers ${head.length} bytes; the limit is ${replyBytesMax} (--reply-max)`;
      return this.abort(new FuncatronError('func_bad_result', detail));
    }
    busy.head = head;
  }

  #take(chunk: Buffer): void {
    const busy = this.#busy;
    if (!busy?.head) return;
    if (busy.head.length > wholeBytesMax && !busy.download) this.#openStream(busy, chunk);
    if (!busy.download) return void busy.chunks.push(chunk);
    busy.download.push(chunk);
    this.#unread += chunk.length;
    if (this.#unread >= aheadBytesMax) this.#options.program.stdout.pause();
  }

  #openStream(busy: Busy, known: Buffer): void {
    const events = {
      onRead: (bytes: number) => {
        this.#unread -= bytes;
        if (this.#unread < aheadBytesMax) this.#options.program.stdout.resume();
      },
      onLeave: () => this.abort(new FuncatronError('cancelled', 'nobody reads the answer')),
    };
    this.#unread = 0;
    busy.download = new Download(events);
    busy.answer(this.#reply(busy, known, busy.download));
  }

  #complete(): void {
    const busy = this.#busy;
    if (!busy) return;
    if (busy.download) busy.download.end();
    else {
      const body = busy.chunks.length === 1 ? busy.chunks[0]! : Buffer.concat(busy.chunks);
      busy.answer(this.#reply(busy, body, body));
    }
    this.#leave(busy);
  }

  #reply({ call, head }: Busy, known: Buffer, body: Buffer | Download): Reply {
    const { status, headers, length } = head!;
    const all: Headers = { ...this.#options.usual(call, known), ...headers };
    if (body instanceof Download) all['content-length'] = String(length);
    else delete all['content-length'];
    return reply(call, status, all, body);
  }

  #break(why: string): void {
    const { name } = this.#options;
    const detail = `"${name}" broke the frame of its answers: it wrote ${why}; it is started anew`;
    this.#fail(new FuncatronError('func_bad_result', detail));
    this.#stop(detail, false);
  }

  #fail(error: FuncatronError): void {
    const busy = this.#busy;
    if (!busy) return;
    busy.refuse(error);
    busy.download?.break(error);
    this.#over = true;
    this.#leave(busy);
  }

  #leave(busy: Busy): void {
    this.#busy = undefined;
    busy.leave();
  }

  /** What is said of it is said once, whatever happens to it afterwards. */
  #stop(why: string | undefined, atOnce: boolean): void {
    const { program, onOver } = this.#options;
    this.#over = true;
    program.stdin!.destroy();
    program.stdout.destroy();
    if (atOnce) killProgram(program);
    else void stopProgram(program, graceMs);
    onOver(why);
  }

  async #watch(silent: Promise<unknown>): Promise<void> {
    const { program, onOver } = this.#options;
    const exit = await program.exited;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([silent, new Promise((resolve) => (timer = setTimeout(resolve, wordsMs)))]);
    clearTimeout(timer);
    program.sweep();
    const isNews = !this.#over;
    if (this.#busy) this.#fail(this.#exited(exit));
    this.#over = true;
    program.stdin!.destroy();
    program.stdout.destroy();
    program.stderr.destroy();
    if (isNews && exit.code !== 0) onOver(`"${this.#options.name}" ended: ${goExit(exit)}`);
    else onOver(undefined);
  }

  #exited(exit: ProgramExit): FuncatronError {
    const { name } = this.#options;
    const how = exit.errno ?? goExit(exit);
    const words = this.#lastWords.toString();
    const said = words ? `; it last wrote: ${words.slice(words.lastIndexOf('\n') + 1)}` : '';
    const detail = `"${name}" ended with ${how} before it had answered; it is started anew${said}`;
    return new FuncatronError('func_exited', detail);
  }
}
