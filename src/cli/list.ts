/** `funcatron list`: the bundles of a Tron. */
import { showBytes } from '../unit.ts';
import { shortSha, showPlace, showTime } from './bundle-info.ts';
import type { BundleInfo } from './bundle-info.ts';
import { printJson, printTable } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import { TronClient } from './tron-client.ts';
import type { RemoteOptions } from './tron-client.ts';

export async function list(options: RemoteOptions, terminal: Terminal): Promise<void> {
  const bundles = await new TronClient(options).json<BundleInfo[]>('/api/v1/bundles');
  if (options.json) return printJson(terminal, bundles);
  if (bundles.length === 0) terminal.say('no bundle was uploaded yet; try: funcatron deploy DIR');
  const rows = bundles.map((bundle) => [
    shortSha(bundle.hex),
    bundle.name,
    bundle.version,
    showBytes(bundle.bytes),
    showTime(bundle.uploadedAt),
    bundle.enabled.map(showPlace).join(' ') || '-',
  ]);
  if (rows.length === 0) return;
  await printTable(terminal, ['sha', 'name', 'version', 'size', 'uploaded', 'enabled at'], rows);
}
