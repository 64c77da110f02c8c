/** What a command reads from and writes to: the process's own streams, or a test's. */
import { buffer } from 'node:stream/consumers';
import { styleText } from 'node:util';
import { toFault } from '../errors.ts';
import type { Issue } from '../message.ts';

export interface Terminal {
  /** Data: what another program may read; a newline is added. */
  out(text: string): void;
  /** Data as it is. */
  write(bytes: Uint8Array): void;
  /** Everything said to a person beside the data. */
  say(text: string): void;
  /** Standard input, to its end. */
  read(): Promise<Uint8Array>;
  /** Aborts when nobody reads the data any more. */
  readonly unread: AbortSignal;
  /** Whether data goes to a terminal: then it is shown for people. */
  readonly isTty: boolean;
  /** Whether what is said may have colours. */
  readonly hasColours?: boolean;
  readonly env: Record<string, string | undefined>;
  readonly cwd: string;
}

export function processTerminal(): Terminal {
  const unread = new AbortController();
  const write = (data: string | Uint8Array): void => {
    if (!unread.signal.aborted) process.stdout.write(data);
  };
  // `funcatron logs -f | head`: that the reader has enough is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    unread.abort();
  });
  return {
    out: (text) => write(`${text}\n`),
    write,
    say: (text) => void process.stderr.write(`${text}\n`),
    read: () => buffer(process.stdin),
    unread: unread.signal,
    isTty: process.stdout.isTTY === true,
    hasColours: process.stderr.isTTY === true && process.stderr.hasColors(),
    env: process.env,
    cwd: process.cwd(),
  };
}

/** Data as JSON, indented for a person and on one line for a pipe. */
export function printJson(terminal: Terminal, data: unknown): void {
  terminal.out(JSON.stringify(data, null, terminal.isTty ? 2 : undefined));
}

/** Rows under headings: drawn on a terminal, tab-separated without headings in a pipe. */
export async function printTable(
  terminal: Terminal,
  headings: string[],
  rows: string[][],
): Promise<void> {
  if (!terminal.isTty) return rows.forEach((row) => terminal.out(row.join('\t')));
  const { default: Table } = await import('cli-table3');
  const colour = terminal.env.NO_COLOR ? [] : ['cyan'];
  const table = new Table({ head: headings, style: { head: colour, border: [], compact: true } });
  table.push(...rows);
  terminal.out(table.toString());
}

/** An error as a person needs it: what, where, and what to do. */
export function printError(terminal: Terminal, thrown: unknown, json: boolean): void {
  const fault = toFault(thrown);
  if (json) return terminal.say(JSON.stringify({ error: fault.toProblem() }));
  terminal.say(`${coloured(terminal, 'red', 'error')} ${fault.code}: ${fault.message}`);
  const issues = fault.errors ?? [];
  for (const issue of issues) {
    const isPlaced = issue.file && (issues.length > 1 || !fault.message.includes(issue.file));
    if (issue.mend || isPlaced || !saysAgain(fault.message, issue)) terminal.say(showIssue(issue));
  }
  if (fault.code === 'internal' && fault.cause instanceof Error)
    terminal.say(fault.cause.stack ?? '');
}

/** Whether an issue is what the detail of its error says already. */
export function saysAgain(detail: string, { message }: Issue): boolean {
  return detail.includes(message.replace(/^[a-z_]+: /, ''));
}

/** Text to be said, in a colour where it may have one. */
export function coloured(terminal: Terminal, colour: 'red' | 'green', text: string): string {
  return terminal.hasColours ? styleText(colour, text, { validateStream: false }) : text;
}

/** `  funcatron.yaml:12 /paths/~1x/get: what is wrong` and, below it, the mend. */
export function showIssue(issue: Issue): string {
  const place = issue.file ? `${issue.file}${issue.line ? `:${issue.line}` : ''}` : '';
  const where = [place, issue.at].filter((part) => part !== '').join(' ');
  const mend = issue.mend ? `\n    mend: ${issue.mend}` : '';
  return `  ${where === '' ? '' : `${where}: `}${issue.message}${mend}`;
}
