/** What a function is made of before it is a bundle. */
import { readFile } from 'node:fs/promises';
import type { Ignore } from '../../bundle/ignore.ts';
import type { BundleLimits } from '../../bundle/limit.ts';
import { listFolder } from '../../bundle/source-folder.ts';
import type { BundleFile } from '../../bundle/zip-writer.ts';
import { FuncatronError } from '../../errors.ts';

export interface FunctionImage {
  env: Record<string, string>;
  files: BundleFile[];
  /** What could not be done as it is meant. */
  warnings: string[];
}

/** The files of a folder, their paths with `prefix` before them. */
export async function readFiles(
  dir: string,
  prefix: string,
  ignore: Ignore,
  limits: BundleLimits,
): Promise<BundleFile[]> {
  const files: BundleFile[] = [];
  // In order, so that the same folder makes the same bundle.
  const listed = await listFolder(dir, ignore, limits);
  for (const { path, absolute, executable } of listed.toSorted((a, b) =>
    a.path < b.path ? -1 : 1,
  ))
    files.push({ path: prefix + path, bytes: await readFile(absolute), executable });
  return files;
}

export function failed(where: string, detail: string): FuncatronError {
  return new FuncatronError('build_failed', `${where}: ${detail}`);
}
