/** `funcatron rollback`: what was enabled at a place before, enabled again. */
import { showPlace } from './bundle-info.ts';
import { printJson } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import { TronClient } from './tron-client.ts';
import type { RemoteOptions } from './tron-client.ts';

interface RolledBack {
  hex: string;
  name: string;
  host: string | null;
  basePath: string;
  warnings?: string[];
}

export async function rollback(
  basePath: string,
  options: RemoteOptions & { host: string | undefined },
  terminal: Terminal,
): Promise<void> {
  const json = { basePath, ...(options.host !== undefined && { host: options.host }) };
  const now = await new TronClient(options).json<RolledBack>('/api/v1/rollback', { json });
  for (const warning of now.warnings ?? []) terminal.say(`warning: ${warning}`);
  if (options.json) return printJson(terminal, now);
  terminal.out(now.hex);
  terminal.say(`${showPlace(now)} serves ${now.name} as before`);
}
