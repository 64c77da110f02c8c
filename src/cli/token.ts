/** `funcatron token`: tokens in the store of a Tron, which need not run meanwhile. */
import { join, resolve } from 'node:path';
import { mkdir } from 'node:fs/promises';
import { stateOptions } from '../config/options.ts';
import { openStore } from '../store/store.ts';
import type { Store } from '../store/store.ts';
import { createToken, listTokens, revokeToken } from '../tron/token.ts';
import { optionValues } from './server-command.ts';
import { printJson, printTable } from './terminal.ts';
import type { Terminal } from './terminal.ts';

interface TokenFlags extends Record<string, unknown> {
  json?: boolean;
}

export async function create(name: string, flags: TokenFlags, terminal: Terminal): Promise<void> {
  const token = await withStore(flags, terminal, (store) => createToken(store, name));
  if (flags.json) return printJson(terminal, { name, token });
  terminal.out(token);
  terminal.say('It is shown only now. Give it to commands with --token or FUNCATRON_TOKEN.');
}

export async function list(flags: TokenFlags, terminal: Terminal): Promise<void> {
  const tokens = await withStore(flags, terminal, listTokens);
  if (flags.json) return printJson(terminal, tokens);
  const rows = tokens.map(({ name, createdAt }) => [name, new Date(createdAt).toISOString()]);
  await printTable(terminal, ['name', 'created'], rows);
}

export async function revoke(name: string, flags: TokenFlags, terminal: Terminal): Promise<void> {
  await withStore(flags, terminal, (store) => revokeToken(store, name));
  if (flags.json) return printJson(terminal, { revoked: name });
  terminal.say(`revoked ${name}`);
}

async function withStore<T>(
  flags: TokenFlags,
  terminal: Terminal,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const options = optionValues(stateOptions, flags, terminal);
  const data = resolve(terminal.cwd, options.data);
  await mkdir(data, { recursive: true, mode: 0o700 });
  const store = await openStore(options.store || `sqlite:${join(data, 'funcatron.db')}`);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
