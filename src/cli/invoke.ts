/** `funcatron invoke`: a Func called by its operationId, through the frontend as anybody would. */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { resolve } from 'node:path';
import { FuncatronError } from '../errors.ts';
import type { BundleInfo } from './bundle-command.ts';
import { frontendUrl } from './frontend-url.ts';
import { printJson } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import { TronClient } from './tron-client.ts';
import type { RemoteFlags } from './tron-client.ts';

interface InvokeFlags extends RemoteFlags {
  param?: string[];
  header?: string[];
  data?: string;
  bundle?: string;
  frontend?: string;
}

interface Found {
  bundle: BundleInfo;
  method: string;
  path: string;
}

interface Description extends BundleInfo {
  operations: { operationId: string; method: string; path: string }[];
}

export async function invoke(
  operationId: string,
  flags: InvokeFlags,
  terminal: Terminal,
): Promise<void> {
  const client = new TronClient(flags, terminal);
  const { bundle, method, path } = await find(client, operationId, flags.bundle);
  const { host, basePath } = bundle.enabled[0]!;
  const frontend = await frontendUrl(client, flags, terminal);
  const base = basePath === '/' ? '' : basePath;
  const url = frontend + base + fillIn(path, flags.param ?? []);
  const headers = new Headers((flags.header ?? []).map((line) => splitPair(line, ':', '--header')));
  if (host && host !== '*') headers.set('x-forwarded-host', host);
  const data = await readData(flags.data, terminal);
  if (data !== undefined && !headers.has('content-type'))
    headers.set('content-type', 'application/json');
  const init: RequestInit = { method, headers };
  if (data !== undefined) init.body = data;
  const response = await fetch(url, init).catch((cause: unknown) => {
    const detail = `no frontend answers at ${frontend}; name another with --frontend`;
    throw new FuncatronError('unreachable', detail, { cause });
  });
  await show(response, flags, terminal);
}

async function show(response: Response, flags: InvokeFlags, terminal: Terminal): Promise<void> {
  const body = await response.text();
  if (flags.json) {
    const headers = Object.fromEntries(response.headers);
    printJson(terminal, { status: response.status, headers, body });
  } else terminal.out(body);
  if (response.ok) return;
  const detail = `${response.url} answered ${response.status}`;
  throw new FuncatronError('call_refused', detail);
}

async function find(client: TronClient, operationId: string, wanted?: string): Promise<Found> {
  const bundles = await client.json<BundleInfo[]>('/api/v1/bundles');
  const enabled = bundles.filter((one) => one.enabled.length > 0 && fits(one, wanted));
  const found: Found[] = [];
  for (const bundle of enabled) {
    const { operations } = await client.json<Description>(`/api/v1/bundles/${bundle.hex}`);
    for (const { operationId: id, method, path } of operations)
      if (id === operationId) found.push({ bundle, method, path });
  }
  if (found.length === 1) return found[0]!;
  const detail =
    found.length === 0
      ? `no enabled bundle has an operation "${operationId}"; see "funcatron describe"`
      : `several bundles have "${operationId}": ${found.map((one) => one.bundle.name).join(', ')}; name one with --bundle`;
  throw new FuncatronError('option_invalid', detail);
}

function fits(bundle: BundleInfo, wanted: string | undefined): boolean {
  return wanted === undefined || bundle.name === wanted || bundle.hex.startsWith(wanted);
}

/** Parameters of the path fill its template; the rest is the query. */
function fillIn(template: string, params: string[]): string {
  let path = template;
  const query = new URLSearchParams();
  for (const param of params) {
    const [name, value] = splitPair(param, '=', '--param');
    if (path.includes(`{${name}}`)) path = path.replaceAll(`{${name}}`, encodeURIComponent(value));
    else query.append(name, value);
  }
  const open = /\{[^}]+\}/.exec(path);
  if (open)
    throw new FuncatronError('option_invalid', `--param is missing for ${open[0]} of ${template}`);
  return query.size > 0 ? `${path}?${query}` : path;
}

function splitPair(given: string, by: string, flag: string): [string, string] {
  const at = given.indexOf(by);
  if (at > 0) return [given.slice(0, at).trim(), given.slice(at + 1).trim()];
  throw new FuncatronError('option_invalid', `${flag} "${given}": must be NAME${by}VALUE`);
}

async function readData(
  given: string | undefined,
  terminal: Terminal,
): Promise<string | undefined> {
  if (given === '-') return text(process.stdin);
  if (!given?.startsWith('@')) return given;
  const file = resolve(terminal.cwd, given.slice(1));
  return readFile(file, 'utf8').catch((cause: Error) => {
    throw new FuncatronError('option_invalid', `--data ${given}: ${cause.message}`, { cause });
  });
}
