/** A bundle from what a command names: a folder that is built, or a file taken as it is. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createBuilder } from '../bundle/build.ts';
import type { Builder, BuiltBundle } from '../bundle/build.ts';
import { decodeContract, findContract, readBundle } from '../bundle/read.ts';
import type { ContractFile } from '../bundle/read.ts';
import { FuncatronError } from '../errors.ts';
import type { Issue } from '../message.ts';
import { bundleDocument } from '../openapi/bundle-document.ts';
import { checkDocument } from '../openapi/check.ts';
import { limitsOf } from './bundle-limit.ts';
import type { LimitValues } from './bundle-limit.ts';
import type { Terminal } from './terminal.ts';

/** A builder of a folder or of a ready-made bundle; close it in the end. */
export function openBuilder(path: string, options: LimitValues): Promise<Builder> {
  return createBuilder(path, { bundleDocument, limits: limitsOf(options) });
}

/** Builds once and says the warnings. Throws `build_failed` and what else a build may. */
export async function buildOnce(
  path: string,
  options: LimitValues,
  terminal: Terminal,
): Promise<BuiltBundle> {
  const builder = await openBuilder(resolve(terminal.cwd, path), options);
  try {
    const built = await builder.build();
    for (const warning of built.warnings) terminal.say(`warning: ${warning}`);
    return built;
  } finally {
    await builder.close();
  }
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
  const errors = await findContractIssues(resolve(terminal.cwd, path), options, overlay);
  if (errors.length > 0) throw unsound(errors);
  return buildOnce(path, options, terminal);
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
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'there is no such folder or file' : cause.message;
    throw new FuncatronError('build_failed', `cannot build ${path}: ${why}`, { cause });
  });
  if (found.isDirectory())
    return checkDocument(await readFolderContract(path), { overlay, root: path });
  const { contract } = await readBundle(path, limitsOf(options));
  return checkDocument(contract, { overlay });
}

async function readFolderContract(folder: string): Promise<ContractFile> {
  const file = findContract(await readdir(folder), `the folder ${folder}`);
  return decodeContract(file, await readFile(join(folder, file)));
}
