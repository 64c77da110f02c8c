/** Commands about bundles: `deploy upload list describe`. */
import { contractId, loadContract } from '../openapi/load.ts';
import { showBytes } from '../unit.ts';
import { buildOnce } from './bundle-source.ts';
import { checkBuilt } from './check-bundle.ts';
import { curlLine } from './curl-line.ts';
import { frontendUrl } from './frontend-url.ts';
import { enableBundle } from './place-command.ts';
import type { PlaceFlags } from './place-command.ts';
import { printJson, printTable } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import { TronClient } from './tron-client.ts';
import type { RemoteFlags } from './tron-client.ts';

interface Uploaded {
  sha: string;
  route: string;
  swagger: Record<string, unknown>;
}

/** A bundle as the Tron describes it. */
export interface BundleInfo {
  sha: string;
  hex: string;
  type: string;
  bytes: number;
  name: string;
  version: string;
  host: string | null;
  basePath: string;
  uploadedAt: number;
  enabled: { host: string | null; basePath: string; revision: number; enabledAt: number }[];
}

interface BundleDescription extends BundleInfo {
  operations: { operationId: string; method: string; path: string }[];
  settings: Record<string, unknown>;
}

/** Builds, checks as `check` does, uploads and enables. */
export async function deploy(
  path: string,
  flags: PlaceFlags & RemoteFlags & { frontend?: string },
  terminal: Terminal,
): Promise<void> {
  const client = new TronClient(flags, terminal);
  const built = await buildOnce(path, terminal);
  await checkBuilt(built);
  const uploaded = await send(client, built.bytes);
  const enabled = await enableBundle(client, uploaded.sha, flags, terminal);
  const contract = await loadContract(
    { file: 'funcatron.json', text: JSON.stringify(uploaded.swagger) },
    { id: contractId(built.sha, enabled.overlay), overlay: enabled.overlay },
  );
  const place = {
    host: flags.host ?? contract.host,
    basePath: flags.basePath ?? contract.basePath,
  };
  const origin = await frontendUrl(client, flags, terminal);
  const { host, basePath } = place;
  const curl = curlLine(contract, { origin, basePath, ...(host && host !== '*' && { host }) });
  if (flags.json) return printJson(terminal, { sha: built.sha, name: contract.name, curl });
  terminal.say(`${contract.name} ${contract.version} is enabled at ${showPlace(place)}`);
  terminal.out(built.sha);
  terminal.out(curl);
}

export async function upload(path: string, flags: RemoteFlags, terminal: Terminal): Promise<void> {
  const built = await buildOnce(path, terminal);
  const { route } = await send(new TronClient(flags, terminal), built.bytes);
  if (flags.json) return printJson(terminal, { sha: built.sha, basePath: route });
  terminal.out(built.sha);
  terminal.say(`uploaded; enable it with: funcatron enable ${built.sha.slice(0, 12)}`);
}

export async function list(flags: RemoteFlags, terminal: Terminal): Promise<void> {
  const bundles = await new TronClient(flags, terminal).json<BundleInfo[]>('/api/v1/bundles');
  if (flags.json) return printJson(terminal, bundles);
  const rows = bundles.map((bundle) => [
    bundle.hex.slice(0, 12),
    bundle.name,
    bundle.version,
    showBytes(bundle.bytes),
    new Date(bundle.uploadedAt).toISOString(),
    bundle.enabled.map(showPlace).join(' ') || '-',
  ]);
  await printTable(terminal, ['sha', 'name', 'version', 'size', 'uploaded', 'enabled at'], rows);
}

export async function describe(sha: string, flags: RemoteFlags, terminal: Terminal): Promise<void> {
  const client = new TronClient(flags, terminal);
  const bundle = await client.json<BundleDescription>(`/api/v1/bundles/${encodeURIComponent(sha)}`);
  if (flags.json) return printJson(terminal, bundle);
  terminal.out(`name      ${bundle.name} ${bundle.version}`);
  terminal.out(`sha       ${bundle.hex}`);
  terminal.out(`kind      ${bundle.type}, ${showBytes(bundle.bytes)}`);
  terminal.out(`uploaded  ${new Date(bundle.uploadedAt).toISOString()}`);
  terminal.out(`enabled   ${bundle.enabled.map(showPlace).join(' ') || 'nowhere'}`);
  terminal.out('');
  const rows = bundle.operations.map((one) => [
    one.method,
    bundle.basePath + one.path,
    one.operationId,
  ]);
  await printTable(terminal, ['method', 'path', 'operationId'], rows);
}

/** `*` is left out: any host is the usual case. */
export function showPlace({ host, basePath }: { host: string | null; basePath: string }): string {
  return (host && host !== '*' ? host : '') + basePath;
}

function send(client: TronClient, bytes: Uint8Array): Promise<Uploaded> {
  return client.json('/api/v1/add_func', { bytes: bytes as Uint8Array<ArrayBuffer> });
}
