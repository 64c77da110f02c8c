/** What a watchdog that stands alone writes: the lines of a program in Go, with the date before. */
import type { FuncLog } from '../../runtime/runtime.ts';
import { goDate } from '../../watchdog/go.ts';

export interface Output {
  out(line: string): void;
  err(line: string): void;
}

/** How long a line may wait for others. */
const batchMs = 20;

/** Lines written together: a write of its own would cost a fifth of a request. */
export class Batch {
  readonly #write: (text: string) => void;
  #text = '';

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  add(line: string): void {
    if (this.#text === '') setTimeout(() => this.flush(), batchMs);
    this.#text += `${line}\n`;
  }

  flush(): void {
    const text = this.#text;
    this.#text = '';
    if (text !== '') this.#write(text);
  }
}

export class Lines {
  readonly #output: Output;
  #second = 0;
  #shown = '';
  /** Whether the program's lines say when they came, and where from. */
  prefixes = true;

  constructor(output: Output) {
    this.#output = output;
  }

  say(text: string): void {
    this.#output.err(`${this.#date()} ${text}`);
  }

  /** A line of the runtime: the watchdog's own, or, with a stream named, its program's. */
  pass({ text, fields }: FuncLog): void {
    const stream = fields?.['stream'];
    if (stream === undefined) return this.say(text);
    const line = this.prefixes ? `${this.#date()} ${String(stream)}: ${text}` : text;
    if (stream === 'stdout') this.#output.out(line);
    else this.#output.err(line);
  }

  /** The date is worked out once a second. */
  #date(): string {
    const now = Date.now();
    const second = Math.floor(now / 1000);
    if (second !== this.#second) this.#shown = goDate(new Date(now));
    this.#second = second;
    return this.#shown;
  }
}
