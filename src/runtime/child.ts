/** A worker's process: its output read as lines, its end told once everything it said was read. */
import type { Socket } from 'node:net';
import { FuncatronError } from '../errors.ts';
import { spawnProgram } from '../watchdog/direct.ts';
import { cleanEnv } from '../watchdog/environment.ts';
import { LastWords } from '../watchdog/last-words.ts';
import { LineGate, readLines } from '../watchdog/line.ts';
import { killProgram } from '../watchdog/program.ts';
import type { Program } from '../watchdog/program.ts';
import { readCpuMs, readRss } from '../watchdog/tree.ts';
import type { WorkerProcess } from './link.ts';
import type { FuncLog, WorkerExit } from './runtime.ts';

/** How long what a process left in its pipes may take to arrive after its end. */
const restMs = 500;

export interface ChildOptions {
  /** What runs, for messages: `node worker`. */
  label: string;
  command: readonly string[];
  /** Beside PATH, HOME, LANG, TMPDIR and TZ: nothing else of ours is handed down. */
  env: Record<string, string>;
  cwd: string;
  /** It is connected to us by its descriptor 3. */
  channel?: boolean;
  onLine: (line: FuncLog) => void;
}

export class Child implements WorkerProcess {
  readonly gone: Promise<WorkerExit>;
  readonly #program: Program;
  readonly #options: ChildOptions;
  readonly #gate: LineGate;

  constructor(options: ChildOptions) {
    const { command, cwd, env, channel = false, onLine } = options;
    this.#options = options;
    this.#program = spawnProgram({ command, cwd, env: cleanEnv(env), channel });
    this.#gate = new LineGate((dropped) =>
      onLine({ level: 'warn', text: `dropped ${dropped} lines: too many in one second` }),
    );
    this.gone = this.#watch();
  }

  get pid(): number {
    return this.#program.pid;
  }

  get exited(): boolean {
    return this.#program.exit !== undefined;
  }

  /** The connection to its descriptor 3, if it was started with one. */
  get channel(): Socket | undefined {
    return this.#program.channel;
  }

  rssBytes(): number {
    return this.exited ? 0 : readRss(this.pid);
  }

  cpuMs(): number {
    return this.exited ? 0 : readCpuMs(this.pid);
  }

  say(line: () => FuncLog): void {
    if (this.#gate.admit()) this.#options.onLine(line());
  }

  /** Ends the whole process group now. */
  kill(): void {
    killProgram(this.#program);
  }

  /** Whether this process is to live on for its sake. */
  hold(isHeld: boolean): void {
    this.#program.hold?.(isHeld);
  }

  /** Why the program did not start, if it did not. */
  async startFailure(): Promise<FuncatronError | undefined> {
    if (this.pid !== 0) return undefined;
    const { errno } = await this.#program.exited;
    const { label, command } = this.#options;
    const code = errno === 'ENOENT' ? 'dependency_missing' : 'worker_start_failed';
    const detail = `the ${label} cannot be started: running "${command[0]}" failed with ${errno}`;
    return new FuncatronError(code, `${detail}; is it installed and on PATH?`);
  }

  async #watch(): Promise<WorkerExit> {
    const { stdout, stderr, exited } = this.#program;
    const lastWords = new LastWords();
    const { onLine } = this.#options;
    const read = Promise.all([
      stdout && readLines(stdout, this.#gate, (text) => onLine({ level: 'info', text })),
      stderr &&
        readLines(stderr, this.#gate, (text) => {
          lastWords.add(text);
          onLine({ level: 'warn', text });
        }),
    ]);
    const { code, signal } = await exited;
    this.#program.sweep();
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([read, new Promise((resolve) => (timer = setTimeout(resolve, restMs)))]);
    clearTimeout(timer);
    stdout?.destroy();
    stderr?.destroy();
    this.#gate.close();
    return { code, signal, lastWords: lastWords.toString() };
  }
}
