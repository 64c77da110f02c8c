/**
 * What a build depends on, looked at: which files it was made of, and the folders they lie in,
 * where new ones may appear. Asking is cheap enough to be done at every request, and, unlike
 * events of the file system, is never late.
 */
import { readdirSync, statSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { createIgnore } from '../bundle/ignore.ts';
import type { Ignore } from '../bundle/ignore.ts';

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
  /** What is in a folder, where a build itself writes into it. */
  names?: string;
}

export class FileWatch {
  readonly #folder: string | undefined;
  /** Files that matter whatever a build says, such as props. */
  readonly #always: readonly string[];
  readonly #ignore: Ignore | undefined;
  #stamps = new Map<string, Stamp | undefined>();

  /**
   * Without a folder, only `always` matters. `ignored` are patterns of what builds write into the
   * folder, which comes and goes without being news.
   */
  constructor(folder: string | undefined, always: readonly string[], ignored?: readonly string[]) {
    this.#folder = folder;
    this.#always = always;
    this.#ignore = ignored && createIgnore(ignored);
    this.#stamps = this.#look(this.#watched);
  }

  get #watched(): string[] {
    return [...(this.#folder === undefined ? [] : [this.#folder]), ...this.#always];
  }

  /** Whether anything is other than when it was last taken note of. */
  get isStale(): boolean {
    for (const [path, stamp] of this.#stamps) if (!this.#isAs(path, stamp)) return true;
    return false;
  }

  /** Whether a path is other than when it was noted, or was not noted at all. */
  isNews(path: string): boolean {
    return !this.#stamps.has(path) || !this.#isAs(path, this.#stamps.get(path));
  }

  /** Takes note of everything as it is now: to be done before a build reads it. */
  async note(): Promise<void> {
    const patience = performance.now() + emptyWaitMs;
    while (this.#someEmptied() && performance.now() < patience)
      await new Promise((resolve) => setTimeout(resolve, emptyLookMs));
    this.#stamps = this.#look(this.#stamps.keys());
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
    const listed = this.#folder === undefined ? [] : this.#listFolder(this.#folder);
    this.#keep(new Set([...this.#stamps.keys(), ...listed]));
  }

  /** What was noted before stays noted as it was then. */
  #keep(paths: ReadonlySet<string>): void {
    const noted = this.#stamps;
    this.#stamps = new Map(
      [...paths].map((path) => [path, noted.has(path) ? noted.get(path) : this.#stampOf(path)]),
    );
  }

  #someEmptied(): boolean {
    for (const [path, stamp] of this.#stamps)
      if (stamp !== undefined && stamp.size > 0 && stampOf(path)?.size === 0) return true;
    return false;
  }

  #look(paths: Iterable<string>): Map<string, Stamp | undefined> {
    return new Map(Array.from(paths, (path) => [path, this.#stampOf(path)]));
  }

  #stampOf(path: string): Stamp | undefined {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!this.#ignore || !found?.isDirectory()) return found;
    const { mtimeMs, size, ino } = found;
    return { mtimeMs, size, ino, names: this.#namesIn(path) };
  }

  #isAs(path: string, stamp: Stamp | undefined): boolean {
    const now = stampOf(path);
    if (isSame(stamp, now)) return true;
    if (stamp?.names === undefined || !now) return false;
    if (stamp.names !== this.#namesIn(path)) return false;
    const { mtimeMs, size, ino } = now;
    this.#stamps.set(path, { mtimeMs, size, ino, names: stamp.names });
    return true;
  }

  #namesIn(folder: string): string {
    const entries = readFolder(folder).filter((entry) => !this.#isIgnored(folder, entry));
    return entries.map((entry) => entry.name).join('/');
  }

  #isIgnored(folder: string, entry: Dirent): boolean {
    if (this.#folder === undefined || !this.#ignore) return skipped.test(entry.name);
    const path = relative(this.#folder, join(folder, entry.name));
    return this.#ignore(path, entry.isDirectory());
  }

  /** The folder's files and folders, but for what is installed, hidden or ignored. */
  #listFolder(root: string): string[] {
    const listed = [root];
    const folders = [root];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop())
      for (const entry of readFolder(folder)) {
        if (this.#isIgnored(folder, entry)) continue;
        const path = join(folder, entry.name);
        listed.push(path);
        if (entry.isDirectory()) folders.push(path);
        if (listed.length >= listedMax) return listed;
      }
    return listed;
  }
}

function stampOf(path: string): Stamp | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function isSame(a: Stamp | undefined, b: Stamp | undefined): boolean {
  return a?.mtimeMs === b?.mtimeMs && a?.size === b?.size && a?.ino === b?.ino;
}

function readFolder(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // It went away this moment; that shows in its parent's stamp.
  }
}
