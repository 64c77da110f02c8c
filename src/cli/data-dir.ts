/** The data folder: what is in it, and that only one server uses it at a time. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { holdFolder } from '../folder-lock.ts';
import { makeDataFolder } from './data-folder.ts';

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

const socketPrefix = join(tmpdir(), 'fn-');

/**
 * Makes the folder if need be and takes it. Throws `option_invalid` when another server has it or
 * it cannot be written.
 */
export async function openDataDir(folder: string): Promise<DataDir> {
  const root = resolve(folder);
  await makeDataFolder(root);
  const letGo = await holdFolder(root);
  const sockets = openSockets(join(root, 'sockets'));
  return {
    root,
    bundles: join(root, 'bundles'),
    unpacked: join(root, 'unpacked'),
    journal: join(root, 'journal'),
    database: join(root, 'funcatron.db'),
    sockets,
    release() {
      rmSync(sockets, { recursive: true, force: true });
      letGo();
    },
  };
}

/** A new folder for sockets; what a server left that was killed goes. `note` tells where it is. */
function openSockets(note: string): string {
  const left = read(note);
  if (left.startsWith(socketPrefix)) rmSync(left, { recursive: true, force: true });
  const sockets = mkdtempSync(socketPrefix);
  writeFileSync(note, sockets);
  return sockets;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
