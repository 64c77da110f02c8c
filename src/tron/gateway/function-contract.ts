/** The bundle that a function is: a contract made of its deployment, and the files of its image. */
import type { BundleFile } from '../../bundle/zip-writer.ts';
import { FuncatronError, toFault } from '../../errors.ts';
import { parseBytes } from '../../unit.ts';
import { readWatchdogSettings } from '../../watchdog/setting.ts';
import type { WatchdogSettings } from '../../watchdog/setting.ts';
import type { Deployment } from './deployment.ts';
import type { Image } from './image.ts';
import { basePathOf, bundleName } from './name.ts';

/** Of a function whose watchdog has no `exec_timeout`. */
const usualTimeoutMs = 60_000;
/** The watchdog gives up first: its answer is the one that OpenFaaS's users know. */
const marginMs = 1_000;

/** The one operation of a function: it takes every method and path. */
const operationId = 'call';

/** All files of the bundle. Throws `function_invalid`. */
export function functionFiles(deployment: Deployment, image: Image | undefined): BundleFile[] {
  const text = JSON.stringify(contractOf(deployment, image), null, 2);
  const files = image?.files ?? [];
  return [...files, { path: 'funcatron.json', bytes: Buffer.from(text) }];
}

function contractOf(deployment: Deployment, image: Image | undefined): Record<string, unknown> {
  const env = environmentOf(deployment, image);
  const watchdog = readWatchdog(env);
  if (watchdog.command.length === 0 && watchdog.mode !== 'static')
    throw noProgram(deployment, image);
  const { execTimeoutMs, mode } = watchdog;
  const { memory } = deployment.limits;
  const tag = /:([^/:]+)$/.exec(deployment.image)?.[1] ?? 'latest';
  return {
    openapi: '3.1.0',
    info: { title: bundleName(deployment), version: tag },
    servers: [{ url: basePathOf(deployment) }],
    'x-funcatron': {
      name: bundleName(deployment),
      host: '*',
      runtime: 'watchdog',
      fallback: operationId,
      timeout: `${Math.ceil((execTimeoutMs || usualTimeoutMs) + marginMs)}ms`,
      // Of a stream nothing is held, however long it is.
      ...(mode === 'streaming' && { direct: true }),
      ...(memory !== undefined && { memory: readMemory(memory) }),
      env,
      ...(deployment.secrets.length > 0 && { secrets: deployment.secrets }),
      function: deployment.sent,
    },
    paths: { '/': { post: { operationId, responses: { 200: { description: 'its output' } } } } },
  };
}

function environmentOf(deployment: Deployment, image: Image | undefined): Record<string, string> {
  const { service, namespace, envProcess, envVars } = deployment;
  const names = { OPENFAAS_NAME: service, OPENFAAS_NAMESPACE: namespace };
  return { ...names, ...image?.env, ...envVars, ...(envProcess && { fprocess: envProcess }) };
}

function readWatchdog(env: Record<string, string>): WatchdogSettings {
  try {
    return readWatchdogSettings(env);
  } catch (thrown) {
    throw new FuncatronError('function_invalid', toFault(thrown).message, { cause: thrown });
  }
}

function readMemory(text: string): number {
  const bytes = parseBytes(text);
  if (bytes !== undefined) return bytes;
  const detail = `limits.memory is ${JSON.stringify(text)}: it must be a size such as 128Mi`;
  throw new FuncatronError('function_invalid', detail);
}

function noProgram({ image: name }: Deployment, image: Image | undefined): FuncatronError {
  const what = image
    ? `the image "${name}" names no program`
    : `the image "${name}" is not in the catalogue, and nothing is pulled from registries`;
  const mend =
    'give envProcess, the program to run, or put a folder with the ' +
    'files and an image.json with fprocess in the folder of --images';
  return new FuncatronError('function_invalid', `${what}; ${mend}`);
}
