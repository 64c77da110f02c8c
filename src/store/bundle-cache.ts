/**
 * The bundles of a node that has no store of its own: fetched from Trons when they are needed, and
 * kept on disk. Over the limit those go that were not used for the longest time, and never one that
 * is in use.
 */
import { readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../log.ts';
import { fetchBundle } from './bundle-fetch.ts';
import type { BundleHost } from './bundle-fetch.ts';
import type { BundleFiles } from './store.ts';

/** Somebody may be about to open a file that was asked for: it stays for a while. */
const graceMs = 60_000;

export interface BundleCacheOptions {
  dir: string;
  /** `--bundle-max` */
  bundleMax: number;
  /** Bytes kept, as long as they are not in use (`--bundle-cache-max`). */
  cacheMax: number;
  /** The Trons there are, best first; resolves later when there is none yet. */
  hosts(): Promise<readonly BundleHost[]>;
  /** SHAs of bundles that must stay. */
  inUse(): ReadonlySet<string>;
  /** A bundle is not kept any more. */
  onDropped?(sha: string): Promise<void>;
  log: Log;
}

export class BundleCache {
  readonly #files: BundleFiles;
  readonly #options: BundleCacheOptions;
  readonly #fetching = new Map<string, Promise<string>>();
  #isFilling = false;

  constructor(files: BundleFiles, options: BundleCacheOptions) {
    this.#files = files;
    this.#options = options;
  }

  /** A whole copy on this disk. Rejects with `bundle_unavailable` or `store_failed`. */
  async path(sha: string): Promise<string> {
    const known = await this.#files.path(sha).catch(() => undefined);
    if (known === undefined) return this.#fetch(sha);
    const now = new Date();
    await utimes(known, now, now).catch(() => undefined);
    return known;
  }

  /** Forgets one that was of use for a moment only. */
  drop(sha: string): Promise<void> {
    return this.#files.remove(sha);
  }

  /**
   * Fetches what of these is not here yet, one after the other, up to the limit of the cache: so that
   * it can be served though every Tron is gone. What cannot be had now is tried for next time.
   */
  async fill(shas: Iterable<string>): Promise<void> {
    if (this.#isFilling) return;
    this.#isFilling = true;
    const { cacheMax, log } = this.#options;
    try {
      for (const sha of shas) {
        if (await this.#files.path(sha).catch(() => undefined)) continue;
        const kept = await this.#list();
        if (kept.reduce((total, { bytes }) => total + bytes, 0) >= cacheMax) return;
        await this.#fetch(sha);
      }
    } catch (err) {
      log.debug({ err }, 'a bundle cannot be fetched ahead');
    } finally {
      this.#isFilling = false;
    }
  }

  /** Who asks for the same bundle meanwhile gets the same file. */
  #fetch(sha: string): Promise<string> {
    const begun = this.#fetching.get(sha);
    if (begun) return begun;
    const fetching = this.#take(sha).finally(() => this.#fetching.delete(sha));
    this.#fetching.set(sha, fetching);
    return fetching;
  }

  async #take(sha: string): Promise<string> {
    const { hosts, bundleMax, log } = this.#options;
    const begunAt = performance.now();
    await fetchBundle(sha, await hosts(), this.#files, bundleMax);
    log.info({ sha, ms: Math.round(performance.now() - begunAt) }, 'bundle fetched');
    await this.#shrink().catch((err: unknown) => log.warn({ err }, 'old bundles cannot go'));
    return this.#files.path(sha);
  }

  async #shrink(): Promise<void> {
    const { cacheMax, inUse, onDropped, log } = this.#options;
    const kept = await this.#list();
    let bytes = kept.reduce((total, file) => total + file.bytes, 0);
    const stays = inUse();
    const oldest = Date.now() - graceMs;
    for (const { sha, bytes: size, usedAt } of kept.toSorted((a, b) => a.usedAt - b.usedAt)) {
      if (bytes <= cacheMax) return;
      if (stays.has(sha) || usedAt > oldest) continue;
      await this.#files.remove(sha);
      await onDropped?.(sha);
      bytes -= size;
      log.info({ sha, bytes: size }, 'bundle dropped: the cache is full (--bundle-cache-max)');
    }
  }

  async #list(): Promise<{ sha: string; bytes: number; usedAt: number }[]> {
    const names = await readdir(this.#options.dir);
    const shas = names.flatMap((name) => /^([0-9a-f]{64})\.zip$/.exec(name)?.[1] ?? []);
    return Promise.all(
      shas.map(async (sha) => {
        const { size, mtimeMs } = await stat(join(this.#options.dir, `${sha}.zip`));
        return { sha, bytes: size, usedAt: mtimeMs };
      }),
    );
  }
}
