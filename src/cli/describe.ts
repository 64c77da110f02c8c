/** `funcatron describe`: one bundle of a Tron. */
import { showBytes } from '../unit.ts';
import { bundlePath, showPlace, showTime } from './bundle-info.ts';
import type { BundleDescription } from './bundle-info.ts';
import { showDecision, showScale, showUsage } from './scale-view.ts';
import { printJson, printTable } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import { TronClient } from './tron-client.ts';
import type { RemoteOptions } from './tron-client.ts';

export async function describe(
  sha: string,
  options: RemoteOptions,
  terminal: Terminal,
): Promise<void> {
  const bundle = await new TronClient(options).json<BundleDescription>(bundlePath(sha));
  if (options.json) return printJson(terminal, bundle);
  terminal.out(`name      ${bundle.name} ${bundle.version}`);
  terminal.out(`sha       ${bundle.hex}`);
  terminal.out(`kind      ${bundle.type}, ${showBytes(bundle.bytes)}`);
  terminal.out(`uploaded  ${showTime(bundle.uploadedAt)}`);
  terminal.out(`enabled   ${bundle.enabled.map(showPlace).join(' ') || 'nowhere'}`);
  for (const place of bundle.enabled) {
    const why = showDecision(place);
    terminal.out(`workers   ${showScale(place)}${why && `, ${why}`}`);
  }
  terminal.out('');
  const base = bundle.basePath === '/' ? '' : bundle.basePath;
  const rows = bundle.operations.map((one) => {
    return [one.method, base + one.path, one.operationId, showUsage(one.usage)];
  });
  await printTable(terminal, ['method', 'path', 'operationId', 'called'], rows);
}
