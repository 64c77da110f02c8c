/**
 * Logs: JSON lines when piped, readable lines on a terminal. Every line of a call carries
 * `requestId`, `bundle` and `sha`.
 */
import { pino } from 'pino';
import { styleText } from 'node:util';
import { FuncatronError } from './errors.ts';

export type Log = Pick<
  pino.Logger,
  'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'level'
> & { child(bindings: Record<string, unknown>, options?: { level?: LogLevel }): Log };

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogOptions {
  level?: LogLevel;
  /** Readable lines instead of JSON. Default: whether the output is a terminal. */
  pretty?: boolean;
  output?: NodeJS.WritableStream;
}

/** A logger; components take a `child({component})` of it. */
export function createLog(options: LogOptions = {}): Log {
  const output = options.output ?? process.stderr;
  const pretty = options.pretty ?? (output as { isTTY?: boolean }).isTTY === true;
  const settings: pino.LoggerOptions = {
    level: options.level ?? 'info',
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError },
  };
  const write = pretty
    ? (line: string) => output.write(prettyLine(line))
    : (line: string) => output.write(line);
  return pino(settings, { write });
}

/**
 * An error we know is told by its code: where in Funcatron it was made helps nobody, and what a
 * Func's stack says is a line of the Func's own. Any other keeps its stack, and its causes'.
 */
function describeError(err: unknown): unknown {
  if (!(err instanceof FuncatronError) || err.code === 'internal')
    return pino.stdSerializers.err(err as Error);
  const { code, message, cause } = err;
  return { code, message, ...(cause instanceof Error && { cause: cause.message }) };
}

const colours = {
  trace: 'gray',
  debug: 'gray',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
} as const;

/** One JSON log line as a person reads it: `12:00:00.000 INFO bundle [request] message key=value`. */
export function prettyLine(line: string): string {
  const { level, time, msg, component, requestId, bundle, sha, err, ...rest } = JSON.parse(line);
  const colour = colours[level as keyof typeof colours] ?? 'gray';
  const head = [
    styleText('gray', String(time).slice(11, 23)),
    styleText(colour, String(level).toUpperCase().padEnd(5)),
    styleText(
      'cyan',
      bundle ? `${bundle}@${String(sha ?? '').slice(0, 8)}` : String(component ?? ''),
    ),
    ...(requestId ? [styleText('gray', `[${requestId}]`)] : []),
    String(msg ?? ''),
  ].join(' ');
  const pairs = Object.entries(rest).map(([key, value]) => ` ${key}=${plain(value)}`);
  const stack = err?.stack ? `\n${err.stack}` : '';
  return `${head}${styleText('gray', pairs.join(''))}${stack}\n`;
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
