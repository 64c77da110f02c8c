/**
 * A bundle: one immutable zip with a contract at its root. A JAR and a PEX are zips, and bundles
 * as they are.
 */
import { FuncatronError } from '../errors.ts';
import { assertLimit, fillLimits, noLimits } from './limit.ts';
import type { BundleLimits } from './limit.ts';
import type { ZipArchive } from './zip-archive.ts';
import type { ZipEntry } from './zip-directory.ts';

export const contractNames = ['funcatron.yaml', 'funcatron.yml', 'funcatron.json'] as const;

/** Where Spring Boot and web archives put what is at the root of the class path. */
const classRoots = ['BOOT-INF/classes/', 'WEB-INF/classes/'];
const contractPaths = contractNames.flatMap((name) => [
  name,
  ...classRoots.map((root) => root + name),
]);

export type BundleKind = 'zip' | 'jar' | 'pex';

export interface ContractFile {
  /** Path in the bundle or folder. */
  file: string;
  text: string;
}

export interface BundleFacts {
  kind: BundleKind;
  /** Hex SHA-256 of the file. */
  sha: string;
  /** Size of the file. */
  bytes: number;
  entries: number;
  contract: ContractFile;
}

/** Of a JAR that has no contract, which its code may yet give. */
export type BareJar = Omit<BundleFacts, 'contract'> & { contract?: undefined };

/**
 * Reads a bundle that nobody has vouched for: every entry is verified. Throws `bundle_invalid`, `bundle_too_large`,
 * `contract_missing` or `contract_ambiguous`.
 */
export async function readBundle(
  path: string,
  given: Partial<BundleLimits> = {},
): Promise<BundleFacts> {
  const facts = await inspectBundle(path, given);
  if (facts.contract) return facts;
  throw noContract('the JAR');
}

/** As `readBundle`, but a JAR needs no contract. */
export async function inspectBundle(
  path: string,
  given: Partial<BundleLimits> = {},
): Promise<BundleFacts | BareJar> {
  const limits = fillLimits(given);
  return withArchive(path, limits, async (archive) => {
    const kind = findKind(archive.entries);
    const isBare = kind === 'jar' && !archive.entries.some((one) => isContract(one.path));
    const contract = isBare ? undefined : await readContractEntry(archive, limits);
    for (const entry of archive.entries) await archive.verify(entry);
    const { bytes, entries } = archive;
    const facts = { kind, sha: await archive.sha(), bytes, entries: entries.length };
    return contract ? { ...facts, contract } : facts;
  });
}

/**
 * Only the contract of a bundle that `readBundle` has read before: nothing is hashed, nothing else
 * unpacked, no limit applied. Throws the same, but never `bundle_too_large`.
 */
export async function readContract(path: string): Promise<ContractFile> {
  const use = (archive: ZipArchive) => readContractEntry(archive, noLimits);
  return withArchive(path, noLimits, use, contractPaths);
}

/** Opens a bundle, or only entries of some names, gives it to `use`, and closes it. */
export async function withArchive<T>(
  path: string,
  limits: BundleLimits,
  use: (archive: ZipArchive) => Promise<T>,
  names?: readonly string[],
): Promise<T> {
  const { ZipArchive } = await import('./zip-archive.ts');
  const archive = await ZipArchive.open(path, limits, names);
  try {
    return await use(archive);
  } finally {
    await archive.close();
  }
}

/** The one contract among the paths. Throws `contract_missing` or `contract_ambiguous`. */
export function findContract(paths: Iterable<string>, where: string): string {
  const found = [...paths].filter(isContract);
  if (found.length === 0) throw noContract(where);
  if (found.length > 1)
    throw new FuncatronError(
      'contract_ambiguous',
      `${where} has ${found.toSorted().join(' and ')}; keep one contract`,
    );
  return found[0]!;
}

function isContract(path: string): boolean {
  return contractPaths.includes(path);
}

/** The error for whoever needs a contract where there is none. */
export function noContract(where: string): FuncatronError {
  return new FuncatronError(
    'contract_missing',
    `${where} has no contract: add ${contractNames.join(', ')} (one of them) at its root`,
  );
}

/** The text of a contract's bytes. Throws `contract_invalid` when they are no UTF-8. */
export function decodeContract(file: string, bytes: Uint8Array): ContractFile {
  try {
    return { file, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (cause) {
    const detail = `${file} is not UTF-8 text; save it as UTF-8`;
    throw new FuncatronError('contract_invalid', detail, { cause });
  }
}

async function readContractEntry(archive: ZipArchive, limits: BundleLimits): Promise<ContractFile> {
  const paths = archive.entries.map((entry) => entry.path);
  const file = findContract(paths, 'the bundle');
  const entry = archive.entries.find((one) => one.path === file)!;
  assertLimit('contractBytesMax', entry.bytes, limits, file);
  return decodeContract(file, await archive.readAll(entry));
}

function findKind(entries: readonly ZipEntry[]): BundleKind {
  const paths = new Set(entries.map((entry) => entry.path));
  if (paths.has('PEX-INFO')) return 'pex';
  return paths.has('META-INF/MANIFEST.MF') ? 'jar' : 'zip';
}
