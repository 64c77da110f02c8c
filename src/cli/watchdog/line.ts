/** What a watchdog that stands alone writes: the lines of a program in Go, with the date before. */
import type { FuncLog } from '../../runtime/runtime.ts';
import { goDate } from '../../watchdog/go.ts';

export interface Output {
  out(line: string): void;
  err(line: string): void;
}

export class Lines {
  readonly #output: Output;
  /** Whether the program's lines say when they came, and where from. */
  prefixes = true;

  constructor(output: Output) {
    this.#output = output;
  }

  say(text: string): void {
    this.#output.err(`${goDate()} ${text}`);
  }

  /** A line of the runtime: the watchdog's own, or, with a stream named, its program's. */
  pass({ text, fields }: FuncLog): void {
    const stream = fields?.['stream'];
    if (stream === undefined) return this.say(text);
    const line = this.prefixes ? `${goDate()} ${String(stream)}: ${text}` : text;
    if (stream === 'stdout') this.#output.out(line);
    else this.#output.err(line);
  }
}
