/** The files of a project folder that go into its bundle. */
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { FuncatronError } from '../errors.ts';
import { createIgnore, ignoreFile } from './ignore.ts';
import type { Ignore } from './ignore.ts';
import { assertLimit } from './limit.ts';
import type { BundleLimits } from './limit.ts';

export interface SourceFile {
  /** In the bundle, with slashes. */
  path: string;
  absolute: string;
  bytes: number;
  executable: boolean;
  /** Changes whenever the file does. */
  stamp: string;
  /** Milliseconds since 1970. */
  changedAt: number;
}

/** The folder's own `.funcatronignore` after the given patterns. */
export async function readIgnore(dir: string, patterns: readonly string[]): Promise<Ignore> {
  const own = await readFile(join(dir, ignoreFile), 'utf8').catch(() => '');
  return createIgnore([...patterns, ...own.split(/\r?\n/)]);
}

/**
 * Every file below `dir` that is not ignored, in no particular order. Throws `build_failed` for a
 * link or a special file, `bundle_too_large` for more than a bundle may hold.
 */
export async function listFolder(
  dir: string,
  ignore: Ignore,
  limits: BundleLimits,
): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const item of await readdir(join(dir, folder), { withFileTypes: true })) {
      const path = folder === '' ? item.name : `${folder}/${item.name}`;
      if (ignore(path, item.isDirectory())) continue;
      if (item.isDirectory()) folders.push(path);
      else files.push(await describe(dir, path, item.isFile()));
    }
    assertLimit('entriesMax', files.length, limits, dir);
  }
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  assertLimit('unpackedBytesMax', total, limits, dir);
  return files;
}

/**
 * One file of the folder. A link counts as the file it leads to, which must lie in the folder;
 * `isPlain` says that it is none.
 */
export async function describe(dir: string, path: string, isPlain = false): Promise<SourceFile> {
  const absolute = join(dir, path);
  const isInside = isPlain || (await leadsInside(dir, absolute));
  const found = isInside ? await stat(absolute, { bigint: true }) : undefined;
  if (!found?.isFile())
    throw new FuncatronError(
      'build_failed',
      `${path} is no plain file, or a link out of the folder; ` +
        `copy what it leads to, or name it in ${ignoreFile}`,
    );
  return {
    path,
    absolute,
    bytes: Number(found.size),
    executable: (found.mode & 0o111n) !== 0n,
    stamp: `${found.ino}-${found.size}-${found.mtimeNs}-${found.mode}`,
    changedAt: Number(found.mtimeMs),
  };
}

async function leadsInside(dir: string, path: string): Promise<boolean> {
  const real = await realpath(path).catch(() => undefined);
  return real !== undefined && !relative(dir, real).startsWith(`..${sep}`);
}
