/**
 * Log lines of Funcs: written to this runner's log as they come, and sent to the Trons in small
 * batches, so that `funcatron logs` sees the lines of every runner.
 */
import type { Log } from '../log.ts';
import type { Route } from '../message.ts';
import type { FuncLog } from '../runtime/runtime.ts';

export interface LogLine {
  /** Milliseconds since 1970. */
  at: number;
  level: string;
  bundle: string;
  sha: string;
  requestId?: string;
  text: string;
  fields?: Record<string, unknown>;
}

const flushMs = 100;
/** Lines held between two batches; what is over is counted and left out of the batch. */
const linesMax = 1_000;

export class FuncLogs {
  readonly #log: Log;
  readonly #send: (lines: LogLine[]) => void;
  #lines: LogLine[] = [];
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Log, send: (lines: LogLine[]) => void) {
    this.#log = log;
    this.#send = send;
  }

  add(route: Route, bundle: string, line: FuncLog): void {
    const { level, text, requestId, fields } = line;
    // What names the call comes last: no field of a Func passes for it.
    this.#log[level]({ ...fields, requestId, bundle, sha: route.sha }, text);
    this.#timer ??= setTimeout(() => this.flush(), flushMs);
    if (this.#lines.length >= linesMax) return void this.#dropped++;
    const sent: LogLine = { at: Date.now(), level, bundle, sha: route.sha, text };
    if (requestId) sent.requestId = requestId;
    if (fields) sent.fields = fields;
    this.#lines.push(sent);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#lines.splice(0);
    const last = lines.at(-1);
    if (last && this.#dropped > 0)
      lines.push({ ...last, level: 'warn', text: `${this.#dropped} log lines left out here` });
    this.#dropped = 0;
    if (lines.length > 0) this.#send(lines);
  }
}
