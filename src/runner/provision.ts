/** From a route to what a worker needs: the bundle unpacked on disk and an assignment. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findBundledHandler } from '../bundle/handler.ts';
import { isJvmBundle, nestedJars } from '../bundle/jvm-bundle.ts';
import { asUnavailable } from '../bundle/unavailable.ts';
import { unpackBundle } from '../bundle/unpack.ts';
import { FuncatronError } from '../errors.ts';
import type { Route } from '../message.ts';
import type { Contract, Operation } from '../openapi/contract.ts';
import { resolveOperation } from '../openapi/resolved-operation.ts';
import type { Settings } from '../openapi/settings.ts';
import type { Assignment, FuncSpec, RuntimeKind } from '../runtime/runtime.ts';

/** Where a runner gets bundle files from: the path of a verified local copy. */
export interface BundleSource {
  path(sha: string): Promise<string>;
  /** The copy is not needed any more. Absent where it is no copy. */
  drop?(sha: string): Promise<void>;
}

export interface Provision {
  kind: RuntimeKind;
  assignment: Assignment;
}

const concurrencies: Record<RuntimeKind, number> = {
  node: 100,
  python: 16,
  jvm: 50,
  process: 16,
  http: 100,
  watchdog: 16,
  shim: 50,
};

/** A watchdog in front of a server of its own takes as many calls as any server. */
function usualConcurrency(kind: RuntimeKind, { env }: Settings): number {
  return concurrencies[kind === 'watchdog' && env['mode'] === 'http' ? 'http' : kind];
}

/** Unpacks the bundle under `dir` and describes it to a worker. */
export async function provision(
  route: Route,
  contract: Contract,
  bundles: BundleSource,
  options: { dir: string; stacks: boolean; secretsDir?: string | undefined },
): Promise<Provision> {
  const { settings } = contract;
  const { dir, jar } = await unpack(route.sha, bundles, options.dir, settings);
  const handler = jar ? undefined : findHandler(dir, settings);
  const kind = jar ? 'jvm' : (settings.runtime ?? kindOf(handler));
  const assignment: Assignment = {
    sha: route.sha,
    name: contract.name,
    version: contract.version,
    dir,
    funcs: contract.operations.map((one) =>
      describeFunc(one, kind === 'jvm' || kind === 'shim' ? contract : undefined),
    ),
    props: route.props,
    env: settings.env,
    concurrency: settings.concurrency ?? usualConcurrency(kind, settings),
    memoryBytesMax: settings.memoryBytesMax,
    stacks: options.stacks,
  };
  const { secretsDir } = options;
  if (secretsDir !== undefined) {
    assignment.secretsDir = secretsDir;
    assignment.env = { ...assignment.env, FUNCATRON_SECRETS: secretsDir };
  }
  if (jar) Object.assign(assignment, { jar, jvm: settings.jvm ?? { own: false, options: [] } });
  if (handler) assignment.handler = handler;
  if (settings.handler && settings.handler !== handler) assignment.source = settings.handler;
  if (settings.process) assignment.command = settings.process;
  return { kind, assignment };
}

/** The folder of a bundle; of one for the JVM the file itself, and the folder of JARs within it. */
async function unpack(
  sha: string,
  bundles: BundleSource,
  dir: string,
  { runtime, handler }: Settings,
): Promise<{ dir: string; jar?: string }> {
  try {
    const path = await bundles.path(sha);
    const isUntold = runtime === undefined && handler === undefined;
    if (runtime === 'jvm' || (isUntold && (await isJvmBundle(path))))
      return { jar: path, dir: await unpackBundle(path, dir, sha, nestedJars) };
    return { dir: await unpackBundle(path, dir, sha) };
  } catch (thrown) {
    throw asUnavailable(thrown, sha);
  }
}

function describeFunc(operation: Operation, javaContract: Contract | undefined): FuncSpec {
  const { key, operationId, settings, contentType, method, template } = operation;
  const func: FuncSpec = { operationId };
  if (settings.process) func.command = settings.process;
  if (contentType) func.contentType = contentType;
  if (javaContract) {
    func.key = key;
    func.operation = resolveOperation(javaContract.document, method, template);
  }
  return func;
}

/** Where the contract names a source that a build has replaced, the module it made of it. */
function findHandler(dir: string, { runtime, handler }: Settings): string | undefined {
  if (runtime !== undefined && runtime !== 'node') return handler;
  return findBundledHandler(handler, (path) => existsSync(join(dir, path))) ?? handler;
}

function kindOf(handler: string | undefined): RuntimeKind {
  if (handler && /\.[cm]?[jt]s$/.test(handler)) return 'node';
  if (handler?.endsWith('.py')) return 'python';
  throw new FuncatronError(
    'runtime_unsupported',
    'the contract names no runtime and the bundle has no handler.mjs or index.js; set x-funcatron.runtime',
  );
}
