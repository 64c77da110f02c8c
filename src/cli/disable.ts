/** `funcatron disable`: a bundle no longer served. */
import type { placeOptions } from '../config/options.ts';
import type { Values } from '../config/option.ts';
import { FuncatronError } from '../errors.ts';
import { readBasePath, readHost } from '../tron/place.ts';
import { bundlePath, showPlace } from './bundle-info.ts';
import type { BundleInfo } from './bundle-info.ts';
import { printJson } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import { TronClient } from './tron-client.ts';
import type { RemoteOptions } from './tron-client.ts';

/** Throws `route_unknown` when the bundle is not enabled there: most likely another was meant. */
export async function disable(
  sha: string,
  options: Values<typeof placeOptions> & RemoteOptions,
  terminal: Terminal,
): Promise<void> {
  const host = options.host === undefined ? undefined : readHost(options.host);
  const basePath = options.basePath === undefined ? undefined : readBasePath(options.basePath);
  const client = new TronClient(options);
  const { hex, name, enabled } = await client.json<BundleInfo>(bundlePath(sha));
  const places = enabled.filter(
    (place) =>
      (host === undefined || place.host === host) &&
      (basePath === undefined || place.basePath === basePath),
  );
  if (places.length === 0) {
    const detail = `${name} ${sha} is not enabled there; see where it is with: funcatron routes`;
    throw new FuncatronError('route_unknown', detail);
  }
  const place = { ...(host !== undefined && { host }), ...(basePath && { basePath }) };
  await client.json('/api/v1/disable', { json: { sha: hex, ...place } });
  const shown = places.map(showPlace);
  if (options.json) return printJson(terminal, { sha: hex, name, disabled: shown });
  terminal.say(`${name} is no longer enabled at ${shown.join(' ')}`);
}
