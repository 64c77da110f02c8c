/**
 * One call of the `process` runtime: a program from its start to its end. Its output up to 256 KiB
 * waits for the exit status, which decides between answer and error; more than that is answered
 * as a stream, which a later failure breaks.
 */
import type { Writable } from 'node:stream';
import { FuncatronError } from '../errors.ts';
import { lenderOf } from '../lending.ts';
import type { Body, Headers, Reply } from '../message.ts';
import type { FoundCommand } from '../watchdog/command.ts';
import { LastWords } from '../watchdog/last-words.ts';
import { readLines } from '../watchdog/line.ts';
import type { LineGate } from '../watchdog/line.ts';
import { describeExit, killProgram, stopProgram } from '../watchdog/program.ts';
import type { Program, ProgramExit, Spawner } from '../watchdog/program.ts';
import { readRss } from '../watchdog/tree.ts';
import { plainType } from './plain-type.ts';
import type { FuncSpec, WorkerCall } from './runtime.ts';
import { Download } from './transfer.ts';

/** Output up to this is answered whole. */
const wholeBytesMax = 256 * 1024;
/** Output of a stream that nobody has read yet; the program waits above it. */
const aheadBytesMax = 1024 * 1024;
/** Time between SIGTERM and SIGKILL. */
const graceMs = 500;
/** What outlives the program that started it gets so long to finish the output they share. */
const lingerMs = 500;
const lingerStepMs = 20;

export interface RunOptions {
  spawner: Spawner;
  func: FuncSpec;
  command: FoundCommand;
  dir: string;
  env: Record<string, string>;
  call: WorkerCall;
  gate: LineGate;
  onLine: (text: string) => void;
  replyBytesMax: number;
  stacks: boolean;
}

export class Run {
  readonly reply: Promise<Reply>;
  /** Resolves when nothing of it runs any more; never rejects. */
  readonly ended: Promise<void>;
  readonly #options: RunOptions;
  readonly #lastWords = new LastWords();
  #program: Program | undefined;
  #aborted: { graceMs: number } | undefined;
  #over = false;
  #answer: (reply: Reply) => void = () => undefined;
  #refuse: (error: FuncatronError) => void = () => undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Set once the answer is a stream. */
  #download: Download | undefined;
  #unread = 0;

  constructor(options: RunOptions) {
    this.#options = options;
    this.reply = new Promise((resolve, reject) => {
      this.#answer = resolve;
      this.#refuse = reject;
    });
    this.ended = this.#run();
  }

  get pid(): number | undefined {
    return this.#program?.pid;
  }

  rssBytes(): number {
    return this.#program && !this.#program.exit ? readRss(this.#program.pid) : 0;
  }

  /** Fails the call and ends its programs: SIGTERM, then SIGKILL; or SIGKILL at once. */
  abort(error: FuncatronError, atOnce = false): void {
    if (this.#over) return;
    this.#refuse(error);
    this.#download?.break(error);
    const again = this.#aborted !== undefined;
    this.#aborted = { graceMs: atOnce ? 0 : graceMs };
    if (!this.#program) return;
    if (atOnce) killProgram(this.#program);
    if (!again) this.#stop(this.#program);
  }

  #stop(program: Program): void {
    program.stdin?.destroy();
    program.stdout.destroy();
    if (this.#aborted?.graceMs) void stopProgram(program, this.#aborted.graceMs);
    else killProgram(program);
  }

  async #run(): Promise<void> {
    const { spawner, command, dir, env, call } = this.#options;
    const stdin = !(call.body instanceof Uint8Array) || call.body.length > 0;
    let program: Program;
    try {
      program = await spawner.spawn({ ...command, cwd: dir, env, stdin });
    } catch (error) {
      return this.#refuse(
        this.#startFailure((error as NodeJS.ErrnoException).code ?? String(error)),
      );
    }
    this.#program = program;
    const output = this.#readOutput(program);
    const { gate, onLine } = this.#options;
    const errors = readLines(program.stderr, gate, (text) => {
      this.#lastWords.add(text);
      onLine(text);
    });
    if (this.#aborted) this.#stop(program);
    else if (program.stdin) void this.#feed(program.stdin, call.body);
    const exit = await program.exited;
    await this.#linger(output);
    if (exit.code !== 0) await this.#linger(errors);
    program.sweep();
    program.stdin?.destroy();
    program.stdout.destroy();
    this.#finish(exit);
    this.#over = true;
    void this.#linger(errors).then(() => program.stderr.destroy());
  }

  #readOutput({ stdout }: Program): Promise<void> {
    stdout.on('data', (chunk: Buffer) => this.#take(chunk));
    stdout.on('error', () => undefined);
    return new Promise((resolve) => stdout.once('close', resolve));
  }

  /** Waits for the end of an output, but not for ever: a background process may hold it open. */
  async #linger(output: Promise<void>): Promise<void> {
    let closed = false;
    void output.then(() => (closed = true));
    for (let leftMs = lingerMs; !closed && leftMs > 0;) {
      let timer: NodeJS.Timeout | undefined;
      const step = new Promise((resolve) => (timer = setTimeout(resolve, lingerStepMs)));
      await Promise.race([output, step]);
      clearTimeout(timer);
      // Time in which it is the reader who holds the output back does not count.
      if (this.#unread < aheadBytesMax) leftMs -= lingerStepMs;
    }
  }

  #take(chunk: Buffer): void {
    this.#bytes += chunk.length;
    const { replyBytesMax } = this.#options;
    if (this.#bytes > replyBytesMax) {
      const detail = `${this.#name()} wrote more than ${replyBytesMax} bytes; the limit is --reply-max`;
      return this.abort(new FuncatronError('func_bad_result', detail));
    }
    if (this.#download) return this.#pass(this.#download, chunk);
    this.#chunks.push(chunk);
    if (this.#bytes > wholeBytesMax) this.#openStream();
  }

  #openStream(): void {
    const events = {
      onRead: (bytes: number) => {
        this.#unread -= bytes;
        if (this.#unread < aheadBytesMax) this.#program?.stdout.resume();
      },
      onLeave: () => this.abort(new FuncatronError('cancelled', 'nobody reads the answer')),
    };
    const download = new Download(events, true);
    this.#download = download;
    const begun = Buffer.concat(this.#chunks.splice(0));
    this.#pass(download, begun);
    this.#answer(this.#reply(begun, download));
  }

  #pass(download: Download, chunk: Buffer): void {
    download.push(chunk);
    this.#unread += chunk.length;
    if (this.#unread >= aheadBytesMax) this.#program?.stdout.pause();
  }

  #reply(known: Buffer, body: Body): Reply {
    const { func, call } = this.#options;
    const more = !(body instanceof Uint8Array);
    const type = func.contentType ?? (known.length > 0 ? plainType(known, more) : undefined);
    const headers: Headers = type ? { 'content-type': type } : {};
    return { head: { v: 1, action: 'answer', id: call.head.id, status: 200, headers }, body };
  }

  #finish(exit: ProgramExit): void {
    const failure = this.#failure(exit);
    if (failure) {
      this.#refuse(failure);
      this.#download?.break(failure);
    } else if (this.#download) this.#download.end();
    else {
      const bytes = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
      this.#answer(this.#reply(bytes, bytes));
    }
  }

  /** Gives the program the body as fast as it takes it; one that closes its input has enough. */
  async #feed(stdin: Writable, body: Body): Promise<void> {
    stdin.on('error', () => undefined);
    if (body instanceof Uint8Array) return void stdin.end(body);
    const lender = lenderOf(body);
    try {
      for await (const chunk of body) {
        if (stdin.destroyed) return;
        const goesOn = stdin.write(chunk, () => lender?.giveBack(chunk));
        if (!goesOn) await drained(stdin);
      }
      stdin.end();
    } catch (cause) {
      const detail = `the request body broke off: ${(cause as Error).message}`;
      const fault = cause instanceof FuncatronError ? cause : undefined;
      this.abort(fault ?? new FuncatronError('cancelled', detail, { cause }));
    }
  }

  #failure(exit: ProgramExit): FuncatronError | undefined {
    if (exit.code === 0) return undefined;
    if (exit.errno) return this.#startFailure(exit.errno);
    const words = this.#lastWords.toString();
    const said = this.#options.stacks ? `: ${words.slice(words.lastIndexOf('\n') + 1)}` : '';
    const detail = `${this.#name()} ended with ${describeExit(exit)}${words ? said : ''}`;
    const shown = this.#options.stacks && words ? { funcStack: words } : {};
    return new FuncatronError(exit.signal ? 'func_exited' : 'func_failed', detail, shown);
  }

  #startFailure(errno: string): FuncatronError {
    const { file } = this.#options.command;
    const what = `${this.#name()} could not be started: ${errno} for ${file}`;
    if (errno === 'ENOENT')
      return new FuncatronError('func_missing', `${what}; it is not there any more`);
    if (errno === 'E2BIG')
      return new FuncatronError(
        'headers_too_large',
        `${what}: its variables (headers, parameters, props) are more than the system takes`,
      );
    return new FuncatronError('worker_start_failed', what);
  }

  #name(): string {
    const { func, command } = this.#options;
    return `the program of ${func.operationId} ("${command.argv[0]}")`;
  }
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      stream.off('drain', settle).off('close', settle);
      resolve();
    };
    stream.on('drain', settle).on('close', settle);
  });
}
