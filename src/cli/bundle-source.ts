/** A bundle from what a command names: a folder that is built, or a file taken as it is. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createBuilder } from '../bundle/build.ts';
import type { Builder, BuiltBundle } from '../bundle/build.ts';
import { servesJvm } from '../bundle/jvm-bundle.ts';
import { findJvmContract, isJvmFolder } from '../bundle/jvm-contract.ts';
import { decodeContract, findContract } from '../bundle/read.ts';
import type { ContractFile } from '../bundle/read.ts';
import type { DescribeJar } from '../bundle/ready.ts';
import { FuncatronError } from '../errors.ts';
import type { Issue } from '../message.ts';
import { bundleDocument } from '../openapi/bundle-document.ts';
import { checkDocument } from '../openapi/check.ts';
import { limitsOf } from './bundle-limit.ts';
import type { LimitValues } from './bundle-limit.ts';
import { showIssue } from './terminal.ts';
import type { Terminal } from './terminal.ts';

/** A builder of a folder or of a ready-made bundle; close it in the end. */
export function openBuilder(
  path: string,
  options: LimitValues,
  say: (text: string) => void = () => {},
): Promise<Builder> {
  return createBuilder(path, { bundleDocument, describe, say, limits: limitsOf(options) });
}

/** Only few commands meet a JAR without a contract. */
const describe: DescribeJar = async (path, sha) =>
  (await import('./jar-contract.ts')).askJar(path, sha);

/** Builds once and says the warnings. Throws `build_failed` and what else a build may. */
export async function buildOnce(
  path: string,
  options: LimitValues,
  terminal: Terminal,
): Promise<BuiltBundle> {
  const say = (text: string): void => terminal.say(text);
  const builder = await openBuilder(resolve(terminal.cwd, path), options, say);
  try {
    const built = await builder.build();
    for (const warning of built.warnings) terminal.say(`warning: ${warning}`);
    return built;
  } finally {
    await builder.close();
  }
}

/** A folder, or a bundle that was built already: what is wrong with its contract, and the build. */
export interface Source {
  issues: Issue[];
  /** Faults that bundles of the first Funcatron may have. */
  warnings: Issue[];
  /** Says the warnings of the build. */
  build(): Promise<BuiltBundle>;
}

/** Reads the contract of what a command names, and says its warnings. Throws as `findContractIssues` does. */
export async function openSource(
  path: string,
  options: LimitValues,
  terminal: Terminal,
  overlay?: unknown,
): Promise<Source> {
  const full = resolve(terminal.cwd, path);
  const build = () => buildOnce(path, options, terminal);
  const warnings: Issue[] = [];
  const warn = (issue: Issue): void => {
    warnings.push(issue);
    terminal.say(`warning:${showIssue(issue).slice(1)}`);
  };
  const folder = (await isFolder(full)) ? await readFolderContract(full) : undefined;
  if (folder?.contract) {
    const { contract, isJvm } = folder;
    const issues = await checkDocument(contract, { overlay, root: full, ...(isJvm && { warn }) });
    return { issues, warnings, build: () => build().then((made) => assertJarWhole(made, overlay)) };
  }
  const built = await build();
  const issues = await checkReady(built, full, overlay, warn);
  const isJar = built.files.includes('META-INF/MANIFEST.MF');
  if (issues.length === 0 && isJar) await assertJarWhole({ jar: full, ...built }, overlay);
  return { issues, warnings, build: async () => built };
}

/** Throws `handlers_missing` or `bundle_invalid`, as a Tron would at the upload. */
async function assertJarWhole(built: BuiltBundle, overlay: unknown): Promise<BuiltBundle> {
  if (built.jar === undefined) return built;
  const [{ contractId, loadContract }, { judgeJar }] = await Promise.all([
    import('../openapi/load.ts'),
    import('../tron/judge.ts'),
  ]);
  const id = contractId(built.sha, overlay);
  await judgeJar(built.jar, await loadContract(built.contract!, { id, overlay }));
  return built;
}

/**
 * Builds once, after the contract was found to be right: with an overlay, as it is then.
 * Throws `contract_invalid` with every fault's file and line, and what a build may.
 */
export async function buildSound(
  path: string,
  options: LimitValues,
  terminal: Terminal,
  overlay?: unknown,
): Promise<BuiltBundle> {
  const { issues, build } = await openSource(path, options, terminal, overlay);
  if (issues.length > 0) throw unsound(issues);
  return build();
}

export function unsound(errors: Issue[]): FuncatronError {
  const [{ file = 'the contract', line, message }] = errors as [Issue];
  const detail =
    errors.length === 1
      ? `${file}${line ? `:${line}` : ''}: ${message}`
      : `${file} has ${errors.length} faults`;
  return new FuncatronError('contract_invalid', detail, { errors });
}

/**
 * Every fault of the contract of a folder or bundle file, by its line in the file one edits.
 * Throws what reading may: `contract_missing`, `build_failed`, `bundle_invalid`.
 */
export async function findContractIssues(
  path: string,
  options: LimitValues,
  overlay?: unknown,
): Promise<Issue[]> {
  if (await isFolder(path)) {
    const { contract, isJvm } = await readFolderContract(path);
    const asked = { overlay, root: path, ...(isJvm && { warn: ignore }) };
    return contract ? checkDocument(contract, asked) : [];
  }
  const builder = await openBuilder(path, options);
  try {
    return await checkReady(await builder.build(), path, overlay, ignore);
  } finally {
    await builder.close();
  }
}

async function checkReady(
  { contract, jar }: BuiltBundle,
  path: string,
  overlay: unknown,
  warn: (issue: Issue) => void,
): Promise<Issue[]> {
  const isJvm = await servesJvm(jar ?? path, contract!);
  return checkDocument(contract!, { overlay, ...(isJvm && { warn }) });
}

const ignore = (): void => undefined;

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'there is no such folder or file' : cause.message;
    throw new FuncatronError('build_failed', `cannot build ${path}: ${why}`, { cause });
  });
  return found.isDirectory();
}

/** No contract: the code of the JVM that is in the folder is to give it. */
async function readFolderContract(
  folder: string,
): Promise<{ contract: ContractFile | undefined; isJvm: boolean }> {
  if (await isJvmFolder(folder)) return { contract: await findJvmContract(folder), isJvm: true };
  const file = findContract(await readdir(folder), `the folder ${folder}`);
  return { contract: decodeContract(file, await readFile(join(folder, file))), isJvm: false };
}
