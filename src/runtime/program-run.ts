/**
 * One call of a program that is started for it, from start to end. Output up to a bound waits for
 * the exit status, which decides what the answer is; more than that is answered as a stream. What
 * the answers are, `RunAnswers` says.
 */
import type { Writable } from 'node:stream';
import { FuncatronError } from '../errors.ts';
import { lenderOf } from '../lending.ts';
import type { Body, Reply, ReplyHead } from '../message.ts';
import type { FoundCommand } from '../watchdog/command.ts';
import { LastWords } from '../watchdog/last-words.ts';
import { readLines } from '../watchdog/line.ts';
import type { LineGate } from '../watchdog/line.ts';
import { killProgram, stopProgram } from '../watchdog/program.ts';
import type { Program, ProgramExit, Spawner } from '../watchdog/program.ts';
import { readRss } from '../watchdog/tree.ts';
import { Download } from './transfer.ts';

/** Output of a stream that nobody has read yet; the program waits above it. */
const aheadBytesMax = 1024 * 1024;
/** Time between SIGTERM and SIGKILL. */
const graceMs = 500;
/** What outlives the program that started it gets so long to finish the output they share. */
const lingerMs = 500;
const lingerStepMs = 20;

/** What a run's output and end are to whoever called. */
export interface RunAnswers {
  /** Output up to this waits for the exit. */
  wholeBytesMax: number;
  /** The answer to a program that ended with all its output in hand, or what to throw. */
  ended(exit: ProgramExit, output: Buffer, lastWords: LastWords): Reply | FuncatronError;
  /** The head of an answer whose body goes on after `known`. */
  begun(known: Buffer): ReplyHead;
  /** What breaks such an answer; undefined when it ends as it should. */
  broken(exit: ProgramExit, lastWords: LastWords): FuncatronError | undefined;
  /** The answer to what could not even be started. */
  unstarted(errno: string): Reply | FuncatronError;
  tooLarge(): FuncatronError;
}

export interface RunOptions {
  spawner: Spawner;
  command: FoundCommand;
  dir: string;
  env: Record<string, string>;
  body: Body;
  gate: LineGate;
  onLine: (text: string) => void;
  replyBytesMax: number;
  answers: RunAnswers;
  /** Standard error is part of the output. */
  merges?: boolean;
  lineBytesMax?: number;
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

  /** Bytes of output so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Ends the call with an error or an answer, and its programs: SIGTERM, then SIGKILL; or SIGKILL
   * at once. An answer comes too late for a stream, which just ends.
   */
  abort(how: FuncatronError | Reply, atOnce = false): void {
    if (this.#over) return;
    this.#settle(how);
    if (how instanceof FuncatronError) this.#download?.break(how);
    else this.#download?.end();
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
    const { spawner, command, dir, env, body, answers, merges, lineBytesMax } = this.#options;
    const stdin = !(body instanceof Uint8Array) || body.length > 0;
    let program: Program;
    try {
      program = await spawner.spawn({
        ...command,
        cwd: dir,
        env,
        stdin,
        ...(merges && { merges }),
      });
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code ?? String(error);
      return this.#settle(answers.unstarted(errno));
    }
    this.#program = program;
    const output = this.#readOutput(program);
    const { gate, onLine } = this.#options;
    const onText = (text: string): void => {
      this.#lastWords.add(text);
      onLine(text);
    };
    const errors = readLines(program.stderr, gate, onText, lineBytesMax);
    if (this.#aborted) this.#stop(program);
    else if (program.stdin) void this.#feed(program.stdin, body);
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
    const { replyBytesMax, answers } = this.#options;
    if (this.#bytes > replyBytesMax) return this.abort(answers.tooLarge());
    if (this.#download) return this.#pass(this.#download, chunk);
    this.#chunks.push(chunk);
    if (this.#bytes > answers.wholeBytesMax) this.#openStream();
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
    this.#answer({ head: this.#options.answers.begun(begun), body: download });
  }

  #pass(download: Download, chunk: Buffer): void {
    download.push(chunk);
    this.#unread += chunk.length;
    if (this.#unread >= aheadBytesMax) this.#program?.stdout.pause();
  }

  #finish(exit: ProgramExit): void {
    const { answers } = this.#options;
    if (exit.errno && !this.#download) return this.#settle(answers.unstarted(exit.errno));
    if (this.#download) {
      const fault = answers.broken(exit, this.#lastWords);
      if (fault) this.#download.break(fault);
      else this.#download.end();
      return;
    }
    const bytes = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#settle(answers.ended(exit, bytes, this.#lastWords));
  }

  #settle(how: FuncatronError | Reply): void {
    if (how instanceof FuncatronError) this.#refuse(how);
    else this.#answer(how);
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
