/** `funcatron scale`: how many workers something that is enabled should have. */
import { FuncatronError } from '../errors.ts';
import { showPlace } from './bundle-info.ts';
import { showScale } from './scale-view.ts';
import type { ScaleInfo } from './scale-view.ts';
import { printJson } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import { TronClient } from './tron-client.ts';
import type { RemoteOptions } from './tron-client.ts';

interface Scaled extends ScaleInfo {
  name: string;
  host: string | null;
  basePath: string;
}

/** `count`: a whole number, or `auto`. */
export async function scale(
  name: string,
  count: string,
  options: RemoteOptions,
  terminal: Terminal,
): Promise<void> {
  const replicas = count === 'auto' ? null : /^\d{1,5}$/.test(count) ? Number(count) : undefined;
  if (replicas === undefined) {
    const detail = `"${count}" is no number of workers: give a whole number, or auto`;
    throw new FuncatronError('option_invalid', detail);
  }
  const json = { name, replicas };
  const now = await new TronClient(options).json<Scaled>('/api/v1/scale', { json });
  if (options.json) return printJson(terminal, now);
  const wanted = now.replicas === undefined ? 'as its load needs' : showScale(now);
  terminal.say(`${now.name} at ${showPlace(now)}: ${wanted}`);
}
