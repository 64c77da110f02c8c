/** A worker's part of a JVM, as a link sees its process: it ends alone, or with the JVM. */
import { LineGate } from '../watchdog/line.ts';
import type { WorkerProcess } from './link.ts';
import type { Ended } from './payload.ts';
import type { FuncLog, WorkerExit } from './runtime.ts';

/** How long the JVM may take to say that a worker it was to end is over. */
const silenceMs = 3_000;

export interface GuestOptions {
  /** What it is called on the control connection. */
  number: number;
  pid: number;
  onLine(line: FuncLog): void;
  rssBytes(): number;
  cpuMs(): number;
  evict(): void;
  /** Called when the JVM says nothing of its end, though it was asked for. */
  onSilence(): void;
}

export class Guest implements WorkerProcess {
  readonly gone: Promise<WorkerExit>;
  readonly #options: GuestOptions;
  readonly #gate: LineGate;
  readonly #resolve: (exit: WorkerExit) => void;
  #exited = false;
  #killed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: GuestOptions) {
    this.#options = options;
    this.#gate = new LineGate((dropped) =>
      options.onLine({ level: 'warn', text: `dropped ${dropped} lines: too many in one second` }),
    );
    const { promise, resolve } = Promise.withResolvers<WorkerExit>();
    this.gone = promise;
    this.#resolve = resolve;
  }

  get pid(): number {
    return this.#options.pid;
  }

  get exited(): boolean {
    return this.#exited;
  }

  rssBytes(): number {
    return this.#exited ? 0 : this.#options.rssBytes();
  }

  cpuMs(): number {
    return this.#exited ? 0 : this.#options.cpuMs();
  }

  say(line: () => FuncLog): void {
    if (this.#gate.admit()) this.#options.onLine(line());
  }

  /** Has it evicted; what does not heed that within 3 s is taken for gone. */
  kill(): void {
    if (this.#exited || this.#killed) return;
    this.#killed = true;
    this.#options.evict();
    this.#timer = setTimeout(() => {
      this.#options.onSilence();
      this.end({ code: null, signal: 'SIGKILL', lastWords: '' });
    }, silenceMs);
  }

  end(exit: WorkerExit): void {
    if (this.#exited) return;
    this.#exited = true;
    clearTimeout(this.#timer);
    this.#gate.close();
    this.#resolve(exit);
  }
}

/** What the end of a worker would be if it were a process. */
export function exitOf({ reason, code, words = '' }: Ended): WorkerExit {
  switch (reason) {
    case 'drained':
      return { code: 0, signal: null, lastWords: words };
    case 'exit':
      return {
        ...{ code: code ?? 0, signal: null },
        lastWords: words || `its code ended the JVM with System.exit(${code ?? 0}) or the like`,
      };
    case 'memory': {
      const said = words.includes('OutOfMemoryError');
      const lastWords = said ? words : `java.lang.OutOfMemoryError: ${words}`;
      return { code: code ?? 1, signal: null, lastWords };
    }
    default:
      return { code: null, signal: 'SIGKILL', lastWords: words };
  }
}

/** What to tell the author of code whose threads run on; undefined when none does. */
export function describeThreads({ threads, deadlock }: Ended): string | undefined {
  if (threads.length === 0 && deadlock === undefined) return undefined;
  const count = `${threads.length} thread${threads.length === 1 ? '' : 's'}`;
  const lines = [
    `${count} of the bundle did not end when interrupted: its JVM takes no more bundles, those it ` +
      'has move to another, and this one gets a JVM of its own from now on',
  ];
  if (deadlock) lines.push(`deadlock: ${deadlock}`);
  for (const { name, state, stack } of threads)
    lines.push(`"${name}" ${state}`, ...stack.map((frame) => `    at ${frame}`));
  return lines.join('\n');
}
