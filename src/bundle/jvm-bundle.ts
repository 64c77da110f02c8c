/** Bundles for the JVM: how one is known where its contract does not say, and what of it is unpacked. */
import { readBuildSettings } from './contract-setting.ts';
import { bundledHandlers } from './handler.ts';
import { noLimits } from './limit.ts';
import { withArchive } from './read.ts';
import type { ContractFile } from './read.ts';

const manifest = 'META-INF/MANIFEST.MF';
const code = /\.(class|clj)$/;
const nested = /^(BOOT|WEB)-INF\/lib\/[^/]+\.jar$/;

/**
 * Whether a bundle that names neither runtime nor handler is for the JVM: a JAR, or a zip that holds
 * classes or Clojure, and no module of node.
 */
export async function isJvmBundle(path: string): Promise<boolean> {
  const names = await withArchive(path, noLimits, namesOf, [
    manifest,
    'PEX-INFO',
    ...bundledHandlers,
  ]);
  if (names.length > 0) return names.includes(manifest) && !names.includes('PEX-INFO');
  return withArchive(path, noLimits, async ({ entries }) =>
    entries.some((entry) => code.test(entry.path)),
  );
}

/**
 * Whether a bundle's Funcs run in a JVM, or in a dev shim, which is one. Of a contract that is broken
 * whatever the bundle shows.
 */
export async function servesJvm(path: string, contract: ContractFile): Promise<boolean> {
  const { runtime, handler } = settingsOf(contract);
  if (runtime !== undefined) return runtime === 'jvm' || runtime === 'shim';
  return handler === undefined && isJvmBundle(path);
}

function settingsOf(contract: ContractFile): { runtime?: string; handler?: string } {
  try {
    return readBuildSettings(contract);
  } catch {
    return {};
  }
}

const namesOf = async ({ entries }: { entries: readonly { path: string }[] }): Promise<string[]> =>
  entries.map(({ path }) => path);

/** The JARs within a JAR: classes are loaded from the bundle itself, but not through two zips. */
export const nestedJars = { suffix: '.jars', takes: (path: string): boolean => nested.test(path) };
