/** A project folder as a build sees it: its contract, its runtime, and the files that go along. */
import { existsSync } from 'node:fs';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { FuncatronError } from '../errors.ts';
import { readBuildSettings } from './contract-setting.ts';
import type { BuildSettings } from './contract-setting.ts';
import { assertPythonHandler, chooseRuntime, findNodeHandler } from './handler.ts';
import type { BuiltRuntime } from './handler.ts';
import { ignoredAlways, ignoredWhenBundled } from './ignore.ts';
import { buildFiles } from './jvm-tool.ts';
import type { BundleLimits } from './limit.ts';
import { contractNames, decodeContract, findContract } from './read.ts';
import type { ContractFile } from './read.ts';
import { describe, listFolder, readIgnore } from './source-folder.ts';
import type { SourceFile } from './source-folder.ts';

export interface Project {
  /** The real path of the folder. */
  dir: string;
  contract: ContractFile;
  settings: BuildSettings;
  runtime: BuiltRuntime;
  /** Source of a node handler that is to be bundled; absent: files go along as they are. */
  bundled: string | undefined;
  files: SourceFile[];
}

export interface ProjectOptions {
  /** False: a node handler goes along as it is. */
  bundle: boolean;
  limits: BundleLimits;
}

/** A handler that another bundler has made. */
const madeHandler = /^(dist|build)\/.*\.[cm]?js$/;

/**
 * Reads a folder; `last` is what it was before, if known, and spares parsing the same contract.
 * Throws `contract_missing`, `contract_ambiguous`, `contract_invalid`, `runtime_unsupported`,
 * `build_failed` or `bundle_too_large`.
 */
export async function readProject(
  folder: string,
  options: ProjectOptions,
  last?: Project,
): Promise<Project> {
  const dir = await openFolder(folder);
  const contract = await readContractFile(dir, folder);
  const isSame = last?.contract.text === contract.text;
  const settings = isSame ? last.settings : readBuildSettings(contract);
  const exists = (path: string) => existsSync(join(dir, path));
  const runtime = chooseRuntime(settings, exists);
  if (runtime === 'jvm') throw noBuildFile(folder);
  if (runtime === 'python') assertPythonHandler(settings.handler, exists);
  const handler = runtime === 'node' ? findNodeHandler(settings.handler, exists) : undefined;
  const bundled = handler && options.bundle && !madeHandler.test(handler) ? handler : undefined;
  const patterns = [...ignoredAlways, ...(bundled ? ignoredWhenBundled : [])];
  const ignore = await readIgnore(dir, patterns);
  const listed = await listFolder(dir, ignore, options.limits);
  const others = listed.filter(({ path }) => path !== contract.file);
  const files = [await describe(dir, contract.file), ...others];
  return { dir, contract, settings, runtime, bundled, files };
}

async function openFolder(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (cause) {
    const detail = `cannot build ${folder}: ${(cause as Error).message}`;
    throw new FuncatronError('build_failed', detail, { cause });
  }
}

function noBuildFile(folder: string): FuncatronError {
  return new FuncatronError(
    'build_failed',
    `the contract says runtime jvm, and ${folder} has none of ${buildFiles.join(', ')}: ` +
      'add one, or name the JAR that is built already instead of the folder',
  );
}

async function readContractFile(dir: string, folder: string): Promise<ContractFile> {
  const names = await readdir(dir);
  if (names.length === 0)
    throw new FuncatronError(
      'contract_missing',
      `the folder ${folder} is empty; add ${contractNames[0]}, or start with: funcatron init`,
    );
  const file = findContract(names, `the folder ${folder}`);
  return decodeContract(file, await readFile(join(dir, file)));
}
