/** `funcatron routes`: what is enabled where. */
import { shortSha } from './bundle-info.ts';
import { showDecision, showScale } from './scale-view.ts';
import type { ScaleInfo } from './scale-view.ts';
import { printJson, printTable } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import { TronClient } from './tron-client.ts';
import type { RemoteOptions } from './tron-client.ts';

interface RouteInfo extends ScaleInfo {
  host: string | null;
  path: string;
  queue: string;
  sha: string;
  props: Record<string, unknown>;
}

export async function routes(options: RemoteOptions, terminal: Terminal): Promise<void> {
  const all = await new TronClient(options).json<RouteInfo[]>('/api/v1/routes');
  if (options.json) return printJson(terminal, all);
  if (all.length === 0) return terminal.say('nothing is enabled; try: funcatron deploy DIR');
  const rows = all.map((route) => {
    const { host, path, queue, sha } = route;
    const short = shortSha(Buffer.from(sha, 'base64').toString('hex'));
    return [host ?? '*', path, short, queue, showScale(route), showDecision(route)];
  });
  await printTable(terminal, ['host', 'base path', 'sha', 'queue', 'workers', 'scaled'], rows);
}
