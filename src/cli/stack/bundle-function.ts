/** A function of a stack whose folder is a bundle: its contract says what it is, the stack where. */
import { FuncatronError } from '../../errors.ts';
import type { Deployment } from '../../tron/gateway/deployment.ts';
import { basePathOf } from '../../tron/gateway/name.ts';
import { buildSound } from '../bundle-source.ts';
import type { LimitValues } from '../bundle-limit.ts';
import { enableBundle } from '../enable.ts';
import type { Given } from '../enable.ts';
import type { Terminal } from '../terminal.ts';
import type { TronClient } from '../tron-client.ts';
import { uploadBundle } from '../upload.ts';

/** What `lang` says of such a folder. */
export const bundleLang = 'funcatron';

/** Builds it; what comes back uploads and enables it. Throws as building does. */
export async function buildBundle(
  handler: string | undefined,
  deployment: Deployment,
  options: LimitValues,
  terminal: Terminal,
): Promise<(tron: TronClient) => Promise<void>> {
  if (handler === undefined) {
    const detail = `${deployment.service}: it names no handler: add the folder of the bundle`;
    throw new FuncatronError('build_failed', detail);
  }
  const overlay = overlayOf(deployment);
  const given: Given = { props: {}, overlay, host: null, basePath: basePathOf(deployment) };
  const built = await buildSound(handler, options, terminal, overlay);
  return async (tron) => {
    await uploadBundle(tron, built);
    await enableBundle(tron, built.sha, given, terminal);
  };
}

/** What the stack says goes over what the contract does. */
function overlayOf({ service, sent, envProcess, envVars, secrets, limits }: Deployment) {
  const env = { ...envVars, ...(envProcess && { fprocess: envProcess }) };
  const settings = {
    function: sent,
    ...(Object.keys(env).length > 0 && { env }),
    ...(secrets.length > 0 && { secrets }),
    ...(limits.memory !== undefined && { memory: limits.memory }),
  };
  const info = { title: `${service} of a stack`, version: '1.0.0' };
  const actions = [{ target: '$', update: { 'x-funcatron': settings } }];
  return { overlay: '1.0.0', info, actions };
}
