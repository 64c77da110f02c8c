/** `funcatron invoke`: a Func called by its operationId, through the frontend as anybody would. */
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { invokeOptions } from '../config/options.ts';
import type { Values } from '../config/option.ts';
import { FuncatronError } from '../errors.ts';
import { bundlePath } from './bundle-info.ts';
import type { BundleDescription, BundleInfo } from './bundle-info.ts';
import { findFrontend } from './frontend-url.ts';
import { callHttp } from './http-call.ts';
import { fillIn, readData, readHeaders } from './invoke-request.ts';
import { printJson } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import { TronClient } from './tron-client.ts';
import type { RemoteOptions } from './tron-client.ts';

type InvokeOptions = Values<typeof invokeOptions> & RemoteOptions & { frontend: string };

interface Found {
  bundle: BundleInfo;
  method: string;
  path: string;
}

/** Prints the body of the answer; throws `call_refused` when its status is an error's. */
export async function invoke(
  operationId: string,
  options: InvokeOptions,
  terminal: Terminal,
): Promise<void> {
  const client = new TronClient(options);
  const { bundle, method, path } = await find(client, operationId, options.bundle);
  const { host, basePath } = bundle.enabled[0]!;
  const base = basePath === '/' ? '' : basePath;
  const origin = await findFrontend(client, options.frontend);
  const url = origin + base + fillIn(path, options.param);
  const body = await readData(options.data, terminal);
  const headers = readHeaders(options.header, body);
  if (host && host !== '*') headers.host ??= host;
  const response = await callHttp(url, { method, headers, body });
  await show(response, options.json, terminal);
  const status = response.statusCode ?? 0;
  if (status >= 400)
    throw new FuncatronError('call_refused', `${method} ${url} answered ${status}`);
}

async function show(response: IncomingMessage, json: boolean, terminal: Terminal): Promise<void> {
  const broken = (cause: Error): never => {
    throw new FuncatronError('unreachable', `the answer broke off: ${cause.message}`, { cause });
  };
  if (json) {
    const body = await text(response).catch(broken);
    return printJson(terminal, { status: response.statusCode, headers: response.headers, body });
  }
  let last: number | undefined;
  try {
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      terminal.write(chunk);
      last = chunk.at(-1) ?? last;
    }
  } catch (cause) {
    broken(cause as Error);
  }
  // A shell's prompt begins a line of its own.
  if (terminal.isTty && last !== undefined && last !== 10) terminal.out('');
}

async function find(client: TronClient, operationId: string, wanted?: string): Promise<Found> {
  const bundles = await client.json<BundleInfo[]>('/api/v1/bundles');
  const enabled = bundles.filter((one) => one.enabled.length > 0 && fits(one, wanted));
  const found: Found[] = [];
  const known: string[] = [];
  for (const bundle of enabled) {
    const { operations } = await client.json<BundleDescription>(bundlePath(bundle.hex));
    known.push(...new Set(operations.map((one) => one.operationId)));
    for (const { operationId: id, method, path } of operations)
      if (id === operationId || `${method} ${path}` === operationId)
        found.push({ bundle, method, path });
  }
  if (found.length === 1) return found[0]!;
  const detail =
    found.length > 0
      ? tooMany(operationId, found)
      : `no enabled bundle${wanted ? ` "${wanted}"` : ''} has an operation "${operationId}"; ` +
        (known.length > 0 ? `there are ${known.slice(0, 20).join(', ')}` : 'none is enabled');
  throw new FuncatronError('option_invalid', detail);
}

function tooMany(operationId: string, found: Found[]): string {
  const shas = new Set(found.map(({ bundle }) => bundle.hex));
  const several = `several ${shas.size > 1 ? 'bundles' : 'operations'} have "${operationId}"`;
  if (shas.size === 1) {
    const keys = found.map(({ method, path }) => `"${method} ${path}"`);
    return `${several}: ${keys.join(', ')}; name one of them instead`;
  }
  const names = found.map(({ bundle }) => `${bundle.name} (${bundle.hex.slice(0, 12)})`);
  return `${several}: ${[...new Set(names)].join(', ')}; name one with --bundle`;
}

function fits(bundle: BundleInfo, wanted: string | undefined): boolean {
  return wanted === undefined || bundle.name === wanted || bundle.hex.startsWith(wanted);
}
