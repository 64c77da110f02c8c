/** Which paths and kinds of entries a bundle may have: nothing that could land outside its folder. */
import { FuncatronError } from '../errors.ts';

/** A `bundle_invalid` about one entry: what is wrong and what to do. */
export function invalidEntry(path: string, wrong: string, mend: string): FuncatronError {
  return new FuncatronError('bundle_invalid', `entry ${JSON.stringify(path)} ${wrong}; ${mend}`);
}

/** Throws `bundle_invalid` unless the path stays below the bundle's folder on every system. */
export function assertSafePath(path: string): void {
  const wrong = findFlaw(path);
  if (wrong) throw invalidEntry(path, wrong, 'use plain relative paths with slashes');
}

function findFlaw(path: string): string | undefined {
  if (path === '') return 'has no name';
  if (path.startsWith('/')) return 'has an absolute path';
  if (/^[A-Za-z]:/.test(path)) return 'has a drive letter';
  if (path.includes('\\')) return 'has a backslash in its path';
  if (/[\p{Cc}\ufffd]/u.test(path)) return 'has unreadable characters in its path';
  const segments = (path.endsWith('/') ? path.slice(0, -1) : path).split('/');
  if (segments.includes('..')) return 'leaves the bundle with ..';
  if (segments.some((segment) => segment === '' || segment === '.'))
    return 'has an empty part or a lone dot in its path';
  if (segments.some((segment) => Buffer.byteLength(segment) > 255))
    return 'has a name of more than 255 bytes';
  return undefined;
}

const file = 0o100000;
const folder = 0o040000;
const misfit = 'of a type that does not fit its name';
const typeNames: Record<number, string> = {
  [file]: misfit,
  [folder]: misfit,
  0o010000: 'a named pipe',
  0o020000: 'a character device',
  0o060000: 'a block device',
  0o120000: 'a symbolic link',
  0o140000: 'a socket',
};

/**
 * Throws `bundle_invalid` for links, devices and the like. `attributes` are a zip's external ones:
 * the upper half is the UNIX mode (APPNOTE.TXT 4.4.15), zero where none was written, and all ones
 * in JARs of some tools.
 */
export function assertPlainType(path: string, attributes: number): void {
  const type = (attributes >>> 16) & 0o170000;
  const name = typeNames[type];
  if (name === undefined || type === (path.endsWith('/') ? folder : file)) return;
  throw invalidEntry(path, `is ${name}`, 'put plain files into the bundle');
}

/** Sees to it that no two entries want the same place, as files or as file and folder. */
export class PathLedger {
  #files = new Set<string>();
  #folders = new Set<string>();

  add(path: string): void {
    const isFolder = path.endsWith('/');
    const bare = isFolder ? path.slice(0, -1) : path;
    if (this.#files.has(bare)) throw invalidEntry(path, 'is there twice', 'keep one');
    if (isFolder) this.#folders.add(bare);
    else if (this.#folders.has(bare))
      throw invalidEntry(path, 'is a file and a folder', 'rename one');
    else this.#files.add(bare);
    this.#addParents(bare);
  }

  #addParents(path: string): void {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const parent = path.slice(0, at);
      if (this.#folders.has(parent)) return;
      if (this.#files.has(parent))
        throw invalidEntry(parent, 'is a file and a folder', 'rename one');
      this.#folders.add(parent);
    }
  }
}
