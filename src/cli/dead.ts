/** `funcatron dead`: asynchronous calls that failed for good, mended and sent again. */
import { isUtf8 } from 'node:buffer';
import type {
  letterEditOptions,
  letterListOptions,
  letterManyOptions,
} from '../config/call-options.ts';
import type { Values } from '../config/option.ts';
import { FuncatronError } from '../errors.ts';
import type { Headers, Problem } from '../message.ts';
import { showTime } from './bundle-info.ts';
import { printFacts } from './calls.ts';
import { readData, readHeaders } from './invoke-request.ts';
import { printJson, printTable } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import { TronClient } from './tron-client.ts';
import type { RemoteOptions } from './tron-client.ts';

type ManyOptions = Values<typeof letterManyOptions> & RemoteOptions;

const lettersPath = '/api/v1/dead-letters';
/** As many as the Tron lists at a time. */
const pageMax = 10_000;

interface LetterInfo {
  id: string;
  queue: string;
  method: string;
  path: string;
  operation: string;
  tries: number;
  acceptedAt: number;
  diedAt: number;
  bytes: number;
  error: Problem;
}

interface WholeLetter extends LetterInfo {
  query: string;
  headers: Headers;
  body?: string;
  bodyBase64?: string;
}

export async function list(
  options: Values<typeof letterListOptions> & RemoteOptions,
  terminal: Terminal,
): Promise<void> {
  const letters = await read(new TronClient(options), options.queue, options.limit);
  if (options.json) return printJson(terminal, letters);
  if (letters.length === 0) return terminal.say('there are no dead letters');
  const rows = letters.map((letter) => [
    letter.id,
    letter.queue,
    letter.operation || `${letter.method} ${letter.path}`,
    String(letter.tries),
    showTime(letter.diedAt),
    `${letter.error.code}: ${letter.error.detail}`,
  ]);
  await printTable(terminal, ['id', 'queue', 'operation', 'tries', 'died', 'error'], rows);
}

export async function show(id: string, options: RemoteOptions, terminal: Terminal): Promise<void> {
  const letter = await new TronClient(options).json<WholeLetter>(letterPath(id));
  if (options.json) return printJson(terminal, letter);
  const query = letter.query === '' ? '' : `?${letter.query}`;
  const headers = Object.entries(letter.headers).map(([name, value]) => {
    return [`  ${name}`, String(value)];
  });
  printFacts(terminal, {
    ...{ id: letter.id, queue: letter.queue, operation: letter.operation },
    ...{ tries: String(letter.tries), accepted: showTime(letter.acceptedAt) },
    ...{ died: showTime(letter.diedAt), error: `${letter.error.code}: ${letter.error.detail}` },
    request: `${letter.method} ${letter.path}${query}`,
    ...Object.fromEntries(headers),
  });
  if (letter.body) terminal.out(`\n${letter.body}`);
  else if (letter.bytes > 0) terminal.say(`its body has ${letter.bytes} bytes that are no text`);
}

/** Changes what flags say; the rest stays. */
export async function edit(
  id: string,
  options: Values<typeof letterEditOptions> & RemoteOptions,
  terminal: Terminal,
): Promise<void> {
  const client = new TronClient(options);
  const { path, query, header } = options;
  const data = await readData(options.data, terminal);
  const change: Record<string, unknown> = {
    ...(path !== undefined && { path }),
    ...(query !== undefined && { query }),
    ...(data && bodyOf(data)),
  };
  if (header.length > 0) {
    const { headers } = await client.json<WholeLetter>(letterPath(id));
    change.headers = { ...headers, ...readHeaders(header, undefined) };
  }
  if (Object.keys(change).length === 0) {
    const detail = 'nothing to change: give --data, --header, --path or --query';
    throw new FuncatronError('option_invalid', detail);
  }
  const letter = await client.json(letterPath(id), { method: 'PUT', json: change });
  if (options.json) return printJson(terminal, letter);
  terminal.say(`changed ${id}; send it with: funcatron dead redrive ${id}`);
}

export async function redrive(
  id: string | undefined,
  options: ManyOptions,
  terminal: Terminal,
): Promise<void> {
  const client = new TronClient(options);
  const { queue } = options;
  const path = isMany(id, options) ? `${lettersPath}/redrive` : `${letterPath(id!)}/redrive`;
  const json = queue === undefined ? {} : { queue };
  const count = await client.json<{ redriven: number; failed: number }>(path, { json });
  if (options.json) return printJson(terminal, count);
  const failed = count.failed > 0 ? `; ${count.failed} could not be, and stay` : '';
  terminal.say(`redriven: ${count.redriven}${failed}`);
}

export async function remove(
  id: string | undefined,
  options: ManyOptions,
  terminal: Terminal,
): Promise<void> {
  const client = new TronClient(options);
  const ids = isMany(id, options)
    ? (await read(client, options.queue, pageMax)).map((letter) => letter.id)
    : [id!];
  for (const one of ids) await client.json(letterPath(one), { method: 'DELETE' });
  if (options.json) return printJson(terminal, { deleted: ids.length });
  terminal.say(`deleted: ${ids.length}`);
}

/** Throws `option_invalid` unless it is one letter that is meant, or many. */
function isMany(id: string | undefined, { all, queue }: ManyOptions): boolean {
  if (all && id === undefined) return true;
  if (!all && id !== undefined && queue === undefined) return false;
  const detail = 'give the id of one dead letter, or --all (with --queue for those of a queue)';
  throw new FuncatronError('option_invalid', detail);
}

function read(client: TronClient, queue: string | undefined, limit: number) {
  const query = new URLSearchParams({ limit: String(limit) });
  if (queue !== undefined) query.set('queue', queue);
  return client.json<LetterInfo[]>(`${lettersPath}?${query.toString()}`);
}

function bodyOf(bytes: Uint8Array): { body: string } | { bodyBase64: string } {
  const buffer = Buffer.from(bytes);
  return isUtf8(buffer) ? { body: buffer.toString() } : { bodyBase64: buffer.toString('base64') };
}

function letterPath(id: string): string {
  return `${lettersPath}/${encodeURIComponent(id)}`;
}
