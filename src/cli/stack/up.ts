/** `funcatron up`: the functions of a `stack.yml`, built and deployed. */
import { fillLimits } from '../../bundle/limit.ts';
import { writeBundle } from '../../bundle/write.ts';
import { readDeployment } from '../../tron/gateway/deployment.ts';
import type { Deployment } from '../../tron/gateway/deployment.ts';
import { functionFiles } from '../../tron/gateway/function-contract.ts';
import { basePathOf, defaultNamespace } from '../../tron/gateway/name.ts';
import { limitsOf } from '../bundle-limit.ts';
import type { LimitValues } from '../bundle-limit.ts';
import { enableBundle } from '../enable.ts';
import { findFrontend } from '../frontend-url.ts';
import { GatewayClient } from '../gateway-client.ts';
import type { FrontendOptions } from '../gateway-client.ts';
import { printJson } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { TronClient } from '../tron-client.ts';
import { readUrl } from '../url.ts';
import { buildBundle, bundleLang } from './bundle-function.ts';
import { buildImage } from './function-image.ts';
import type { StackFunction } from './stack-file.ts';
import { readWanted } from './wanted.ts';
import type { StackOptions } from './wanted.ts';

type UpOptions = FrontendOptions & LimitValues & StackOptions;

interface Target {
  tron: TronClient;
  gateway: GatewayClient;
  options: UpOptions;
  terminal: Terminal;
}

/** Builds all of them before it deploys the first. Throws as building and deploying do. */
export async function up(options: UpOptions, terminal: Terminal): Promise<void> {
  const { gateway, functions } = await readWanted(options, terminal);
  const target = await openTarget(options, gateway, terminal);
  const ready = [];
  for (const fn of functions) ready.push(await prepare(fn, target));
  const deployed = [];
  for (const { fn, deploy } of ready) {
    await deploy();
    const url = `${target.gateway.url}${basePathOf(readDeployment(fn.deployment))}`;
    deployed.push({ name: fn.name, url });
    if (!options.json) terminal.say(`${fn.name} is deployed`);
    if (!options.json) terminal.out(url);
  }
  if (options.json) printJson(terminal, deployed);
}

async function openTarget(
  options: UpOptions,
  gateway: string,
  terminal: Terminal,
): Promise<Target> {
  const tron = new TronClient(options);
  const asked = options.frontend || terminal.env['OPENFAAS_URL'] || gateway;
  const url = asked === '' ? await findFrontend(tron, '') : readUrl('--frontend', asked);
  return { tron, gateway: new GatewayClient(url, options.token), options, terminal };
}

async function prepare(fn: StackFunction, target: Target) {
  const { options, terminal, tron, gateway } = target;
  const deployment = readDeployment(fn.deployment);
  if (fn.lang === undefined || fn.skipBuild) return { fn, deploy: () => deployImage(fn, gateway) };
  const made =
    fn.lang === bundleLang
      ? await buildBundle(fn.handler, deployment, options, terminal)
      : await buildFunction(fn, deployment, target);
  const deploy = async (): Promise<void> => {
    const { namespace } = deployment;
    if (namespace !== defaultNamespace)
      await gateway.send('GET', `/system/namespace/${encodeURIComponent(namespace)}`);
    await made(tron);
  };
  return { fn, deploy };
}

/** Builds it; what comes back uploads and enables it. */
async function buildFunction(
  fn: StackFunction,
  deployment: Deployment,
  { options, terminal }: Target,
) {
  const image = await buildImage(fn, fillLimits(limitsOf(options)));
  for (const warning of image.warnings) terminal.say(`warning: ${warning}`);
  const { bytes, sha } = await writeBundle(functionFiles(deployment, image));
  return async (tron: TronClient): Promise<void> => {
    await tron.json('/api/v1/add_func', { bytes: bytes as Uint8Array<ArrayBuffer> });
    await enableBundle(tron, sha, { props: {} }, terminal);
  };
}

/** As OpenFaaS's clients do: it is there, or it is not. */
async function deployImage({ deployment }: StackFunction, gateway: GatewayClient): Promise<void> {
  const { status } = await gateway.send('PUT', '/system/functions', deployment, [404]);
  if (status === 404) await gateway.send('POST', '/system/functions', deployment);
}
