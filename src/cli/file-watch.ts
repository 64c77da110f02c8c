/**
 * What a build depends on, looked at: which files it was made of, and the folders they lie in,
 * where new ones may appear. Asking is cheap enough to be done at every request, and, unlike
 * events of the file system, is never late.
 */
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Entries listed after a build that failed, at most: it does not tell what it had read. */
const listedMax = 5_000;
/** Installed packages may be thousands, and nobody edits them. */
const installed = /[\\/](node_modules|venv|vendor)[\\/]/;
const skipped = /^(node_modules|__pycache__|venv|\..*)$/;
/** A file that was just emptied is most likely being written. */
const emptyWaitMs = 50;
const emptyLookMs = 2;

interface Stamp {
  mtimeMs: number;
  size: number;
  ino: number;
}

export class FileWatch {
  readonly #folder: string | undefined;
  /** Files that matter whatever a build says, such as props. */
  readonly #always: readonly string[];
  #stamps = new Map<string, Stamp | undefined>();

  /** Without a folder, only `always` matters. */
  constructor(folder: string | undefined, always: readonly string[]) {
    this.#folder = folder;
    this.#always = always;
    this.#stamps = look(this.#watched);
  }

  get #watched(): string[] {
    return [...(this.#folder === undefined ? [] : [this.#folder]), ...this.#always];
  }

  /** Whether anything is other than when it was last taken note of. */
  get isStale(): boolean {
    for (const [path, stamp] of this.#stamps) if (!isSame(stamp, stampOf(path))) return true;
    return false;
  }

  /** Whether a path is other than when it was noted, or was not noted at all. */
  isNews(path: string): boolean {
    return !this.#stamps.has(path) || !isSame(this.#stamps.get(path), stampOf(path));
  }

  /** Takes note of everything as it is now: to be done before a build reads it. */
  async note(): Promise<void> {
    const patience = performance.now() + emptyWaitMs;
    while (this.#someEmptied() && performance.now() < patience)
      await new Promise((resolve) => setTimeout(resolve, emptyLookMs));
    this.#stamps = look(this.#stamps.keys());
  }

  /** A build was made of these files, and no others matter. */
  follow(files: readonly string[]): void {
    const own = files.filter((file) => !installed.test(file));
    const folders = new Set(own.map((file) => dirname(file)));
    const all = new Set([...this.#watched, ...folders, ...own]);
    this.#keep(all);
  }

  /** A build failed and does not tell what it was made of: whatever it may have read matters. */
  followAll(): void {
    const listed = this.#folder === undefined ? [] : listFolder(this.#folder);
    this.#keep(new Set([...this.#stamps.keys(), ...listed]));
  }

  /** What was noted before stays noted as it was then. */
  #keep(paths: ReadonlySet<string>): void {
    const noted = this.#stamps;
    this.#stamps = new Map(
      [...paths].map((path) => [path, noted.has(path) ? noted.get(path) : stampOf(path)]),
    );
  }

  #someEmptied(): boolean {
    for (const [path, stamp] of this.#stamps)
      if (stamp !== undefined && stamp.size > 0 && stampOf(path)?.size === 0) return true;
    return false;
  }
}

function look(paths: Iterable<string>): Map<string, Stamp | undefined> {
  return new Map(Array.from(paths, (path) => [path, stampOf(path)]));
}

function stampOf(path: string): Stamp | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function isSame(a: Stamp | undefined, b: Stamp | undefined): boolean {
  return a?.mtimeMs === b?.mtimeMs && a?.size === b?.size && a?.ino === b?.ino;
}

/** The folder's files and folders, but for what is installed or hidden. */
function listFolder(root: string): string[] {
  const listed = [root];
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop())
    for (const entry of readFolder(folder)) {
      if (skipped.test(entry.name)) continue;
      const path = join(folder, entry.name);
      listed.push(path);
      if (entry.isDirectory()) folders.push(path);
      if (listed.length >= listedMax) return listed;
    }
  return listed;
}

function readFolder(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // It went away this moment; that shows in its parent's stamp.
  }
}
