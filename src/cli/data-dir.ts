/** The data folder: what is in it, and that only one server uses it at a time. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { FuncatronError } from '../errors.ts';

export interface DataDir {
  root: string;
  bundles: string;
  unpacked: string;
  journal: string;
  database: string;
  /** Short enough for socket paths, which are at most 107 bytes. */
  sockets: string;
  /** Gives the folder free for the next server. */
  release(): void;
}

/** Makes the folder if need be and takes it. Throws `option_invalid` if another server has it. */
export function openDataDir(folder: string): DataDir {
  const root = resolve(folder);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const lock = takeLock(root);
  const sockets = mkdtempSync(join(tmpdir(), 'fn-'));
  return {
    root,
    bundles: join(root, 'bundles'),
    unpacked: join(root, 'unpacked'),
    journal: join(root, 'journal'),
    database: join(root, 'funcatron.db'),
    sockets,
    release() {
      rmSync(sockets, { recursive: true, force: true });
      rmSync(lock, { force: true });
    },
  };
}

function takeLock(root: string): string {
  const lock = join(root, 'lock');
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return lock;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
      const holder = Number(readFileSync(lock, 'utf8'));
      if (attempt > 0 || isFuncatron(holder))
        throw new FuncatronError(
          'option_invalid',
          `--data ${root} is in use by process ${holder}; stop it, or name another folder`,
          { cause },
        );
      rmSync(lock, { force: true });
    }
  }
}

/** Whether the process that left a lock lives; its number may have gone to another program. */
function isFuncatron(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('funcatron');
  } catch {
    return true; // No /proc here: better refuse than share the folder.
  }
}
