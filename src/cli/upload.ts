/** `funcatron upload`: a bundle in the hands of a Tron. */
import type { BuiltBundle } from '../bundle/build.ts';
import { shortSha } from './bundle-info.ts';
import { buildSound } from './bundle-source.ts';
import type { LimitValues } from './bundle-limit.ts';
import { printJson } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import { TronClient } from './tron-client.ts';
import type { RemoteOptions } from './tron-client.ts';

interface Uploaded {
  /** The base path its contract says. */
  route: string;
  /** The contract's document. */
  swagger: Record<string, unknown>;
  /** What is wrong with the contract and is let pass. */
  warnings?: string[];
}

export async function upload(
  path: string,
  options: LimitValues & RemoteOptions,
  terminal: Terminal,
): Promise<void> {
  const client = new TronClient(options);
  const built = await buildSound(path, options, terminal);
  const { route } = await uploadBundle(client, built);
  if (options.json) return printJson(terminal, { sha: built.sha, basePath: route });
  terminal.out(built.sha);
  terminal.say(`uploaded; enable it with: funcatron enable ${shortSha(built.sha)}`);
}

/** The same bytes may be sent again: that changes nothing. */
export function uploadBundle(client: TronClient, { bytes }: BuiltBundle): Promise<Uploaded> {
  return client.json('/api/v1/add_func', { bytes: bytes as Uint8Array<ArrayBuffer> });
}
