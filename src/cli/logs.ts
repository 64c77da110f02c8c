/** `funcatron logs`: lines of the Funcs of all runners, as the Tron gathers them. */
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { logsOptions } from '../config/options.ts';
import type { Values } from '../config/option.ts';
import { FuncatronError } from '../errors.ts';
import { prettyLine } from '../log.ts';
import type { Terminal } from './terminal.ts';
import { TronClient } from './tron-client.ts';
import type { RemoteOptions } from './tron-client.ts';

type LogsOptions = Values<typeof logsOptions> & RemoteOptions;

/**
 * Readable on a terminal, JSON lines in a pipe. With `--follow` until SIGINT or SIGTERM, or nobody
 * reads on; throws `unreachable` when the Tron goes away.
 */
export async function logs(options: LogsOptions, terminal: Terminal): Promise<void> {
  const interrupted = new AbortController();
  const stop = (): void => interrupted.abort();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const name of signals) process.once(name, stop);
  const signal = AbortSignal.any([interrupted.signal, terminal.unread]);
  try {
    await print(options, terminal, signal);
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  } finally {
    for (const name of signals) process.off(name, stop);
  }
}

async function print(options: LogsOptions, terminal: Terminal, signal: AbortSignal) {
  const client = new TronClient(options);
  const { body } = await client.stream(`/api/v1/logs?${queryOf(options).toString()}`, { signal });
  const asJson = options.json || !terminal.isTty;
  if (body) {
    const input = Readable.fromWeb(body);
    // Readline does not tell its reader that its input broke off.
    let broken: Error | undefined;
    const lines = createInterface({ input, crlfDelay: Infinity });
    input.on('error', (error) => {
      broken = error;
      lines.close();
    });
    for await (const line of lines) terminal.out(asJson ? line : show(line));
    if (broken && !signal.aborted) throw gone(client.url, broken);
  }
  if (options.follow && !signal.aborted) throw gone(client.url);
}

function gone(url: string, cause?: Error): FuncatronError {
  const detail = `the Tron at ${url} went away; follow it again once it is back`;
  return new FuncatronError('unreachable', detail, cause ? { cause } : {});
}

function queryOf({ follow, bundle, request, level, tail }: LogsOptions): URLSearchParams {
  const query = new URLSearchParams({ level, tail: String(tail) });
  if (follow) query.set('follow', '1');
  if (bundle) query.set('bundle', bundle);
  if (request) query.set('requestId', request);
  return query;
}

function show(line: string): string {
  const { at, text, fields, ...rest } = JSON.parse(line);
  const shown = { ...fields, ...rest, time: new Date(at).toISOString(), msg: text };
  return prettyLine(JSON.stringify(shown)).trimEnd();
}
