/** `funcatron enable`: an uploaded bundle at its place. */
import type { placeOptions, propsOptions } from '../config/options.ts';
import type { Values } from '../config/option.ts';
import { readBasePath, readHost } from '../tron/place.ts';
import { bundlePath, showPlace } from './bundle-info.ts';
import type { BundleInfo } from './bundle-info.ts';
import { readObject } from './json-input.ts';
import { printJson } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import { TronClient } from './tron-client.ts';
import type { RemoteOptions } from './tron-client.ts';

export type EnableOptions = Values<typeof propsOptions> & Values<typeof placeOptions>;

export async function enable(
  sha: string,
  options: EnableOptions & RemoteOptions,
  terminal: Terminal,
): Promise<void> {
  const given = await readGiven(options, terminal);
  const client = new TronClient(options);
  await enableBundle(client, sha, given, terminal);
  const { hex, name, enabled } = await client.json<BundleInfo>(bundlePath(sha));
  const [newest] = enabled.toSorted((a, b) => b.revision - a.revision);
  const { host = null, basePath = '/' } = newest ?? {};
  if (options.json) return printJson(terminal, { sha: hex, name, host, basePath });
  terminal.say(`${name} is enabled at ${showPlace({ host, basePath })}`);
}

/** What the options give along: read before anything is sent. */
export interface Given {
  props: Record<string, unknown>;
  overlay?: Record<string, unknown>;
  /** Null for any. */
  host?: string | null;
  basePath?: string;
}

/** Throws `option_invalid` naming what is wrong, with file and line. */
export async function readGiven(options: EnableOptions, { cwd }: Terminal): Promise<Given> {
  const { host, basePath } = options;
  const props = (await readObject('--props', options.props, cwd)) ?? {};
  const overlay = await readObject('--overlay', options.overlay, cwd);
  return {
    props,
    ...(overlay && { overlay }),
    ...(host !== undefined && { host: readHost(host) }),
    ...(basePath !== undefined && { basePath: readBasePath(basePath) }),
  };
}

/** Enables an uploaded bundle and says the Tron's warnings. */
export async function enableBundle(
  client: TronClient,
  sha: string,
  given: Given,
  terminal: Terminal,
): Promise<void> {
  const json = { sha, ...given };
  const { warnings } = await client.json<{ warnings?: string[] }>('/api/v1/enable', { json });
  for (const warning of warnings ?? []) terminal.say(`warning: ${warning}`);
}
