/**
 * The last route table, on disk: what a node starts from while no Tron can be heard. Props are part
 * of it, and they hold secrets, so only its owner may read it.
 */
import { open, readFile, rename } from 'node:fs/promises';
import type { Log } from '../log.ts';
import type { Route } from '../message.ts';
import { isRoute } from './table.ts';

export interface Kept {
  v: 1;
  /** Of the store the revisions are of. */
  store: string;
  revision: number;
  routes: Route[];
}

export class KeptTable {
  readonly #path: string;
  readonly #log: Log;
  #writing: Promise<void> | undefined;
  #next: (() => Kept) | undefined;
  #hasFailed = false;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** What was kept; undefined when nothing was, or it cannot be read. */
  async read(): Promise<Kept | undefined> {
    try {
      const kept = JSON.parse(await readFile(this.#path, 'utf8')) as Partial<Kept> | null;
      const { v, store, revision, routes } = kept ?? {};
      const isKept =
        v === 1 &&
        typeof store === 'string' &&
        typeof revision === 'number' &&
        Array.isArray(routes) &&
        routes.every(isRoute);
      if (isKept) return { v, store, revision, routes };
      this.#log.warn({ file: this.#path }, 'the kept routes are no table; they are not used');
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#log.warn({ err, file: this.#path }, 'the kept routes cannot be read');
    }
    return undefined;
  }

  /** Keeps what `make` tells when its turn comes: of several that wait, the last one. */
  write(make: () => Kept): void {
    this.#next = make;
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when nothing is being written any more. */
  async close(): Promise<void> {
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    for (let make = this.#next; make; make = this.#next) {
      this.#next = undefined;
      await this.#replace(JSON.stringify(make()));
    }
    this.#writing = undefined;
  }

  /** What cannot be kept is missed at the next start at most; it is no failure now. */
  async #replace(text: string): Promise<void> {
    try {
      const draft = `${this.#path}.draft`;
      const file = await open(draft, 'w', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, this.#path);
      this.#hasFailed = false;
    } catch (err) {
      if (!this.#hasFailed)
        this.#log.warn({ err, file: this.#path }, 'the routes cannot be kept on disk');
      this.#hasFailed = true;
    }
  }
}
