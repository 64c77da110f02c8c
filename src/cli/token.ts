/** `funcatron token`: tokens in the store of a Tron, which need not run meanwhile. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FuncatronError } from '../errors.ts';
import { openStore } from '../store/store.ts';
import type { Store } from '../store/store.ts';
import { createToken, listTokens, revokeToken } from '../tron/token.ts';
import { showTime } from './bundle-info.ts';
import { makeDataFolder } from './data-folder.ts';
import { printJson, printTable } from './terminal.ts';
import type { Terminal } from './terminal.ts';

interface TokenOptions {
  json: boolean;
  data: string;
  store: string;
}

export async function create(
  name: string,
  options: TokenOptions,
  terminal: Terminal,
): Promise<void> {
  // A token may be there before the Tron is.
  if (!options.store) await makeDataFolder(resolve(terminal.cwd, options.data));
  const token = await withStore(options, terminal, (store) => createToken(store, name));
  if (options.json) return printJson(terminal, { name, token });
  terminal.out(token);
  terminal.say('It is shown only now. Give it to commands with --token or FUNCATRON_TOKEN.');
}

export async function list(options: TokenOptions, terminal: Terminal): Promise<void> {
  const tokens = await withStore(options, terminal, listTokens);
  if (options.json) return printJson(terminal, tokens);
  if (tokens.length === 0) return terminal.say('there is no token: anybody on this machine may');
  const rows = tokens.map(({ name, createdAt }) => [name, showTime(createdAt)]);
  await printTable(terminal, ['name', 'created'], rows);
}

export async function revoke(
  name: string,
  options: TokenOptions,
  terminal: Terminal,
): Promise<void> {
  await withStore(options, terminal, (store) => revokeToken(store, name));
  if (options.json) return printJson(terminal, { revoked: name });
  terminal.say(`revoked ${name}`);
}

async function withStore<T>(
  options: TokenOptions,
  terminal: Terminal,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const data = resolve(terminal.cwd, options.data);
  if (!options.store && !existsSync(data)) {
    const detail = `there is no data folder ${data}; name that of the Tron with --data`;
    throw new FuncatronError('option_invalid', detail);
  }
  const store = await openStore(options.store || `sqlite:${findDatabase(data)}`);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** That of `serve`, or of `funcatron tron`, which has a folder of its own in there. */
function findDatabase(data: string): string {
  const [whole, alone] = [join(data, 'funcatron.db'), join(data, 'tron', 'funcatron.db')];
  return !existsSync(whole) && existsSync(alone) ? alone : whole;
}
