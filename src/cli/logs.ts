/** `funcatron logs`: lines of the Funcs of all runners, as the Tron gathers them. */
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { prettyLine } from '../log.ts';
import type { Terminal } from './terminal.ts';
import { TronClient } from './tron-client.ts';
import type { RemoteFlags } from './tron-client.ts';

interface LogFlags extends RemoteFlags {
  follow?: boolean;
  bundle?: string;
  request?: string;
  level?: string;
  tail?: string;
}

export async function logs(flags: LogFlags, terminal: Terminal): Promise<void> {
  const query = new URLSearchParams();
  if (flags.follow) query.set('follow', '1');
  if (flags.bundle) query.set('bundle', flags.bundle);
  if (flags.request) query.set('requestId', flags.request);
  if (flags.level) query.set('level', flags.level);
  if (flags.tail) query.set('tail', flags.tail);
  const { body } = await new TronClient(flags, terminal).stream(`/api/v1/logs?${query}`);
  if (!body) return;
  const asJson = flags.json === true || !terminal.isTty;
  const lines = createInterface({ input: Readable.fromWeb(body), crlfDelay: Infinity });
  for await (const line of lines) terminal.out(asJson ? line : show(line));
}

function show(line: string): string {
  const { at, text, fields, ...rest } = JSON.parse(line);
  const shown = { ...rest, ...fields, time: new Date(at).toISOString(), msg: text };
  return prettyLine(JSON.stringify(shown)).trimEnd();
}
