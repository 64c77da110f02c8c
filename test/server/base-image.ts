/** A small image to begin from, made of programs of this machine: no registry is asked. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { DockerServer } from './docker.ts';
import { findProgram } from './server.ts';

const run = promisify(execFile);

/**
 * Imports an image of that name with these programs and what they need. `like` is a program that
 * somebody copies into it: what it is linked to is there, too.
 */
export async function importBase(
  { docker }: DockerServer,
  name: string,
  programs: readonly string[],
  like: string,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'base-'));
  try {
    const root = join(folder, 'root');
    await mkdir(join(root, 'tmp'), { recursive: true, mode: 0o777 });
    for (const place of ['bin', 'lib', 'lib64']) {
      await mkdir(join(root, 'usr', place), { recursive: true });
      await symlink(`usr/${place}`, join(root, place));
    }
    for (const file of await librariesOf(like)) await copy(file, root);
    for (const program of programs) {
      const found = findProgram(program)!;
      const file = await realpath(found);
      await copy(file, root, join('/usr/bin', basename(found)));
      const needed = program === 'perl' ? await modulesOf(file) : [];
      for (const one of [...needed, ...(await librariesOf(file))]) await copy(one, root);
    }
    const tar = join(folder, 'root.tar');
    await run('tar', ['-C', root, '-cf', tar, '.']);
    await docker('import', tar, name);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Of one file by its path, as the path and not as the link that may be there. */
async function copy(file: string, root: string, as = file): Promise<void> {
  await mkdir(dirname(join(root, as)), { recursive: true });
  await cp(file, join(root, as), { dereference: true });
}

/** What ldd(1) says, the dynamic loader with them. */
async function librariesOf(file: string): Promise<string[]> {
  const { stdout } = await run('ldd', [file]);
  return [...stdout.matchAll(/\/\S+/g)].map(([path]) => path);
}

async function modulesOf(perl: string): Promise<string[]> {
  const { stdout } = await run(perl, [
    '-Mstrict',
    '-Mwarnings',
    '-e',
    'print "$_\\n" for values %INC',
  ]);
  return stdout.trim().split('\n');
}
