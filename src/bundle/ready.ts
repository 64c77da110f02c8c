/** Bundles that another tool made: taken as they are, but for a JAR whose code has the contract. */
import { readFile } from 'node:fs/promises';
import { FuncatronError } from '../errors.ts';
import { shaOf } from './identity.ts';
import { assertLimit } from './limit.ts';
import type { BundleLimits } from './limit.ts';
import { inspectBundle, noContract, withArchive } from './read.ts';
import type { ContractFile } from './read.ts';

/** Has the code of a JAR give its contract, by running it. `sha` only names it. */
export type DescribeJar = (path: string, sha: string) => Promise<ContractFile>;

export interface ReadyBundle {
  bytes: Uint8Array;
  /** Hex SHA-256. */
  sha: string;
  /** Paths in the bundle. */
  files: string[];
  contract: ContractFile;
}

/**
 * Reads a zip, JAR or PEX. A JAR without a contract has one after this: what `describe` says, as one
 * more entry. Throws a `contract_` or `bundle_` error, and what `describe` does.
 */
export async function takeReady(
  path: string,
  limits: BundleLimits,
  describe?: DescribeJar,
): Promise<ReadyBundle> {
  const facts = await inspectBundle(path, limits);
  const files = await withArchive(path, limits, async ({ entries }) =>
    entries.map((entry) => entry.path).filter((name) => !name.endsWith('/')),
  );
  if (facts.contract)
    return { bytes: await readFile(path), sha: facts.sha, files, contract: facts.contract };
  if (!describe) throw noContract('the JAR');
  const [{ assertMayTell }, { appendEntry }] = await Promise.all([
    import('./jar.ts'),
    import('./append.ts'),
  ]);
  await assertMayTell(path);
  const contract = await describe(path, facts.sha);
  const entry = contractEntry(contract, limits);
  const chunks: Buffer[] = [];
  for await (const chunk of appendEntry(path, entry)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  assertLimit('fileBytesMax', bytes.length, limits);
  return { bytes, sha: shaOf(bytes), files: [...files, contract.file], contract };
}

/** Where a contract that code gives goes, by what it is. */
export function asContractFile({ type, text }: { type: string; text: string }): ContractFile {
  return { file: type === 'json' ? 'funcatron.json' : 'funcatron.yaml', text };
}

/** Throws `bundle_too_large`, or `contract_missing` for a text that is blank. */
export function contractEntry({ file, text }: ContractFile, limits: BundleLimits) {
  if (text.trim() === '')
    throw new FuncatronError('contract_missing', 'the contract that the code gives is empty');
  const bytes = Buffer.from(text);
  assertLimit('contractBytesMax', bytes.length, limits, file);
  return { path: file, bytes };
}
