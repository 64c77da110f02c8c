/** `funcatron disable`: a bundle no longer served. */
import type { placeOptions } from '../config/options.ts';
import type { Values } from '../config/option.ts';
import { printJson } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import { TronClient } from './tron-client.ts';
import type { RemoteOptions } from './tron-client.ts';

export async function disable(
  sha: string,
  options: Values<typeof placeOptions> & RemoteOptions,
  terminal: Terminal,
): Promise<void> {
  const { host, basePath } = options;
  const place = {
    ...(host !== undefined && { host }),
    ...(basePath !== undefined && { basePath }),
  };
  await new TronClient(options).json('/api/v1/disable', { json: { sha, ...place } });
  if (options.json) return printJson(terminal, { disabled: sha });
  terminal.say(`disabled ${sha}`);
}
