/** Which folders are of JVM code, and where their contract is. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FuncatronError } from '../errors.ts';
import { readBuildSettings } from './contract-setting.ts';
import { chooseRuntime } from './handler.ts';
import { findTool } from './jvm-tool.ts';
import { contractNames, decodeContract } from './read.ts';
import type { ContractFile } from './read.ts';

/** The folder itself, and where build tools look for what goes to the root of a JAR. */
const places = ['', 'src/main/resources', 'resources', 'src/main/clojure', 'src'];

/**
 * The one contract of a folder, its path from there; undefined where code may give it. Throws
 * `contract_ambiguous` or `contract_invalid`.
 */
export async function findJvmContract(dir: string): Promise<ContractFile | undefined> {
  const found: string[] = [];
  for (const place of places) {
    const names = await readdir(join(dir, place)).catch(() => []);
    const contracts = names.filter((name) => (contractNames as readonly string[]).includes(name));
    found.push(...contracts.map((name) => (place === '' ? name : `${place}/${name}`)));
  }
  const [file] = found;
  if (file === undefined) return undefined;
  if (found.length > 1)
    throw new FuncatronError(
      'contract_ambiguous',
      `${dir} has ${found.toSorted().join(' and ')}; keep one contract`,
    );
  return decodeContract(file, await readFile(join(dir, file)));
}

/**
 * Whether a build tool of the JVM makes the bundle of a folder: it has a build file, and no contract
 * at its root that is of another runtime.
 */
export async function isJvmFolder(dir: string): Promise<boolean> {
  if (!findTool(dir)) return false;
  const contract = await findJvmContract(dir).catch(() => undefined);
  if (!contract || contract.file.includes('/')) return true;
  try {
    const settings = readBuildSettings(contract);
    if (settings.runtime !== undefined) return settings.runtime === 'jvm';
    chooseRuntime(settings, (path) => existsSync(join(dir, path)));
    return false;
  } catch {
    // No other runtime shows, or the contract is broken, which the build will say.
    return true;
  }
}
