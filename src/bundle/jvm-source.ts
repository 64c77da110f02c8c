/** What a folder of JVM code is built of: all of it, but what the tools themselves write there. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoreFile } from './ignore.ts';
import { ignoredByTools } from './jvm-tool.ts';
import { readIgnore } from './source-folder.ts';

/** A folder with more files has its first ones watched. */
const filesMax = 20_000;

/** Absolute paths of the files that a build may read. */
export async function listSources(dir: string): Promise<string[]> {
  const ignore = await readIgnore(dir, ignoredByTools);
  const files = [join(dir, ignoreFile)];
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const item of await readdir(join(dir, folder), { withFileTypes: true })) {
      const path = folder === '' ? item.name : `${folder}/${item.name}`;
      if (ignore(path, item.isDirectory())) continue;
      if (item.isDirectory()) folders.push(path);
      else if (item.isFile()) files.push(join(dir, path));
    }
    if (files.length > filesMax) break;
  }
  return files.slice(0, filesMax);
}
