/** `funcatron calls`: asynchronous calls, as the Tron keeps account of them. */
import type { callListOptions } from '../config/call-options.ts';
import type { Values } from '../config/option.ts';
import { FuncatronError } from '../errors.ts';
import type { Problem } from '../message.ts';
import { showTime } from './bundle-info.ts';
import { printJson, printTable } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import { TronClient } from './tron-client.ts';
import type { RemoteOptions } from './tron-client.ts';

type ListOptions = Values<typeof callListOptions> & RemoteOptions;

export interface CallInfo {
  id: string;
  status: string;
  queue: string;
  bundle: string;
  operation: string;
  method: string;
  path: string;
  tries: number;
  acceptedAt: number;
  updatedAt: number;
  endedAt?: number;
  callback?: string;
  error?: Problem;
}

interface CallResult {
  status: number | string;
  body?: string;
  bodyBase64?: string;
  truncated?: boolean;
}

export async function list(options: ListOptions, terminal: Terminal): Promise<void> {
  const { status, queue, limit } = options;
  const query = new URLSearchParams({ limit: String(limit) });
  if (status !== undefined) query.set('status', status);
  if (queue !== undefined) query.set('queue', queue);
  const path = `/api/v1/calls?${query.toString()}`;
  const calls = await new TronClient(options).json<CallInfo[]>(path);
  if (options.json) return printJson(terminal, calls);
  if (calls.length === 0) return terminal.say('there are no such calls');
  const rows = calls.map((call) => [
    call.id,
    call.status,
    call.bundle,
    call.operation || `${call.method} ${call.path}`,
    String(call.tries),
    showTime(call.acceptedAt),
    call.error?.code ?? '',
  ]);
  const headings = ['id', 'status', 'bundle', 'operation', 'failed', 'accepted', 'error'];
  await printTable(terminal, headings, rows);
}

export async function show(id: string, options: RemoteOptions, terminal: Terminal): Promise<void> {
  const call = await new TronClient(options).json<CallInfo>(callPath(id));
  if (options.json) return printJson(terminal, call);
  printFacts(terminal, {
    ...{ id: call.id, status: call.status, bundle: call.bundle, operation: call.operation },
    request: `${call.method} ${call.path}`,
    ...{ queue: call.queue, 'failed tries': String(call.tries) },
    accepted: showTime(call.acceptedAt),
    ...(call.endedAt !== undefined && { ended: showTime(call.endedAt) }),
    ...(call.callback !== undefined && { callback: call.callback }),
    ...(call.error && { error: `${call.error.code}: ${call.error.detail}` }),
  });
}

/** Prints the body. Throws `call_refused` while there is none, or it was an error's. */
export async function result(
  id: string,
  options: RemoteOptions,
  terminal: Terminal,
): Promise<void> {
  const found = await new TronClient(options).json<CallResult>(`${callPath(id)}/result`);
  const { status, body, bodyBase64, truncated } = found;
  if (typeof status === 'string')
    throw new FuncatronError('call_refused', `call ${id} has not ended: it is ${status}`);
  if (options.json) printJson(terminal, found);
  else if (truncated) terminal.say('its body was longer than --result-max, and is not kept');
  else terminal.write(body === undefined ? Buffer.from(bodyBase64!, 'base64') : Buffer.from(body));
  if (status >= 400) throw new FuncatronError('call_refused', `call ${id} answered ${status}`);
}

export async function cancel(
  id: string,
  options: RemoteOptions,
  terminal: Terminal,
): Promise<void> {
  const call = await new TronClient(options).json<CallInfo>(callPath(id), { method: 'DELETE' });
  if (options.json) return printJson(terminal, call);
  terminal.say(`call ${id} is being cancelled`);
}

export async function secret(options: RemoteOptions, terminal: Terminal): Promise<void> {
  const found = await new TronClient(options).json<{ secret: string }>('/api/v1/callback-secret');
  if (options.json) return printJson(terminal, found);
  terminal.out(found.secret);
}

/** One fact a line, its name before it. */
export function printFacts(terminal: Terminal, facts: Record<string, string>): void {
  const width = Math.max(...Object.keys(facts).map((name) => name.length));
  for (const [name, fact] of Object.entries(facts))
    if (fact !== '') terminal.out(`${name.padEnd(width)}  ${fact}`);
}

function callPath(id: string): string {
  return `/api/v1/calls/${encodeURIComponent(id)}`;
}
