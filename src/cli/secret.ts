/** `funcatron secret`: values that functions get as files. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { secretOptions } from '../config/gateway-options.ts';
import type { Values } from '../config/option.ts';
import { FuncatronError } from '../errors.ts';
import { GatewayClient } from './gateway-client.ts';
import type { FrontendOptions } from './gateway-client.ts';
import { printJson } from './terminal.ts';
import type { Terminal } from './terminal.ts';

type NamedOptions = FrontendOptions & { namespace: string | undefined };
type ValueOptions = NamedOptions & Values<typeof secretOptions>;

const path = '/system/secrets';

export async function create(
  name: string,
  options: ValueOptions & { replace: boolean },
  terminal: Terminal,
): Promise<void> {
  const client = await GatewayClient.open(options);
  const secret = await readSecret(name, options, terminal);
  const { status } = await client.send('POST', path, secret, options.replace ? [409] : []);
  if (status === 409) await client.send('PUT', path, secret);
  tell(name, status === 409 ? 'updated' : 'created', options, terminal);
}

export async function update(
  name: string,
  options: ValueOptions,
  terminal: Terminal,
): Promise<void> {
  const client = await GatewayClient.open(options);
  await client.send('PUT', path, await readSecret(name, options, terminal));
  tell(name, 'updated', options, terminal);
}

export async function remove(
  name: string,
  options: NamedOptions,
  terminal: Terminal,
): Promise<void> {
  const client = await GatewayClient.open(options);
  await client.send('DELETE', path, { name, ...namespaceOf(options) });
  tell(name, 'removed', options, terminal);
}

export async function list(options: NamedOptions, terminal: Terminal): Promise<void> {
  const client = await GatewayClient.open(options);
  const query = new URLSearchParams(namespaceOf(options)).toString();
  const { text } = await client.send('GET', query === '' ? path : `${path}?${query}`);
  const secrets = JSON.parse(text) as { name: string }[];
  if (options.json) return printJson(terminal, secrets);
  for (const { name } of secrets) terminal.out(name);
  if (secrets.length === 0) terminal.say('there is no secret');
}

function tell(name: string, what: string, { json }: NamedOptions, terminal: Terminal): void {
  if (json) printJson(terminal, { [what]: name });
  else terminal.say(`${what} ${name}`);
}

function namespaceOf({ namespace }: NamedOptions): Record<string, string> {
  return namespace === undefined ? {} : { namespace };
}

/** The value byte for byte: in Base64, since JSON has no bytes. */
async function readSecret(name: string, options: ValueOptions, terminal: Terminal) {
  const value = await readValue(options, terminal);
  return { name, ...namespaceOf(options), rawValue: Buffer.from(value).toString('base64') };
}

async function readValue(
  { fromFile, fromLiteral }: ValueOptions,
  terminal: Terminal,
): Promise<Uint8Array> {
  if (fromFile !== undefined && fromLiteral !== undefined)
    throw new FuncatronError('option_invalid', 'give --from-file or --from-literal, not both');
  if (fromLiteral !== undefined) return Buffer.from(fromLiteral);
  if (fromFile === undefined || fromFile === '-') return terminal.read();
  return readFile(resolve(terminal.cwd, fromFile)).catch((cause: Error) => {
    throw new FuncatronError('option_invalid', `--from-file: ${cause.message}`, { cause });
  });
}
