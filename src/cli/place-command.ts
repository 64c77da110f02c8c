/** Commands about places: `enable disable routes rollback`. */
import { readObject } from './json-input.ts';
import { printJson, printTable } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import { TronClient } from './tron-client.ts';
import type { RemoteFlags } from './tron-client.ts';

export interface PlaceFlags {
  props?: string;
  overlay?: string;
  host?: string;
  basePath?: string;
}

interface RouteInfo {
  host: string | null;
  path: string;
  queue: string;
  sha: string;
  props: Record<string, unknown>;
}

/** Enables an uploaded bundle with the props, overlay and place that the flags give. */
export async function enableBundle(
  client: TronClient,
  sha: string,
  flags: PlaceFlags,
  terminal: Terminal,
): Promise<{ overlay?: Record<string, unknown> }> {
  const { props, overlay, host, basePath } = flags;
  const read = (flag: string, given: string) => readObject(flag, given, terminal.cwd);
  const layer = overlay === undefined ? undefined : await read('--overlay', overlay);
  const body = {
    sha,
    props: props === undefined ? {} : await read('--props', props),
    ...(layer && { overlay: layer }),
    ...(host !== undefined && { host }),
    ...(basePath !== undefined && { basePath }),
  };
  const { warnings } = await client.json<{ warnings?: string[] }>('/api/v1/enable', { json: body });
  for (const warning of warnings ?? []) terminal.say(`warning: ${warning}`);
  return layer ? { overlay: layer } : {};
}

export async function enable(
  sha: string,
  flags: PlaceFlags & RemoteFlags,
  terminal: Terminal,
): Promise<void> {
  await enableBundle(new TronClient(flags, terminal), sha, flags, terminal);
  if (flags.json) return printJson(terminal, { enabled: sha });
  terminal.say(`enabled ${sha}`);
}

export async function disable(sha: string, flags: RemoteFlags, terminal: Terminal): Promise<void> {
  await new TronClient(flags, terminal).json('/api/v1/disable', { json: { sha } });
  if (flags.json) return printJson(terminal, { disabled: sha });
  terminal.say(`disabled ${sha}`);
}

export async function routes(flags: RemoteFlags, terminal: Terminal): Promise<void> {
  const all = await new TronClient(flags, terminal).json<RouteInfo[]>('/api/v1/routes');
  if (flags.json) return printJson(terminal, all);
  const rows = all.map(({ host, path, queue, sha }) => [
    host ?? '*',
    path,
    Buffer.from(sha, 'base64').toString('hex').slice(0, 12),
    queue,
  ]);
  await printTable(terminal, ['host', 'base path', 'sha', 'queue'], rows);
}

export async function rollback(
  basePath: string,
  flags: RemoteFlags & { host?: string },
  terminal: Terminal,
): Promise<void> {
  const place = { basePath, ...(flags.host !== undefined && { host: flags.host }) };
  const client = new TronClient(flags, terminal);
  const now = await client.json<{ hex: string; name: string; warnings?: string[] }>(
    '/api/v1/rollback',
    { json: place },
  );
  for (const warning of now.warnings ?? []) terminal.say(`warning: ${warning}`);
  if (flags.json) return printJson(terminal, now);
  terminal.out(now.hex);
  terminal.say(`${basePath} serves ${now.name} as before`);
}
