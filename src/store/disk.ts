/**
 * Bundles as files named by their SHA. A file is written under another name and renamed when it is
 * whole and on the disk, so under its SHA there is the whole bundle or nothing.
 */
import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { BundleFiles, StagedFile } from './store.ts';

export class DiskFiles implements BundleFiles {
  readonly #dir: string;
  readonly #incoming: string;

  private constructor(dir: string) {
    this.#dir = dir;
    this.#incoming = join(dir, 'incoming');
  }

  static async open(dir: string, log: Log): Promise<DiskFiles> {
    const files = new DiskFiles(dir);
    try {
      await mkdir(files.#incoming, { recursive: true, mode: 0o700 });
      const stale = await readdir(files.#incoming);
      for (const name of stale) await rm(join(files.#incoming, name), { recursive: true });
      if (stale.length > 0) log.info({ files: stale.length }, 'cleared away unfinished uploads');
    } catch (cause) {
      throw failed(dir, cause);
    }
    return files;
  }

  async stage(source: AsyncIterable<Uint8Array>, bytesMax: number): Promise<StagedFile> {
    const path = join(this.#incoming, `${randomUUID()}.part`);
    const discard = (): Promise<void> => rm(path, { force: true });
    try {
      const { sha, bytes } = await write(path, source, bytesMax);
      return { path, sha, bytes, discard, keep: () => this.#keep(path, sha) };
    } catch (thrown) {
      await discard();
      throw thrown;
    }
  }

  async path(sha: string): Promise<string> {
    const path = this.#pathOf(sha);
    try {
      await access(path);
    } catch (cause) {
      throw new FuncatronError('bundle_unknown', `there is no bundle file for ${sha}`, { cause });
    }
    return path;
  }

  async remove(sha: string): Promise<void> {
    await rm(this.#pathOf(sha), { force: true });
  }

  async #keep(path: string, sha: string): Promise<void> {
    try {
      await rename(path, this.#pathOf(sha));
      await syncFolder(this.#dir);
    } catch (cause) {
      await rm(path, { force: true });
      throw failed(path, cause);
    }
  }

  /** Only a SHA may become part of a path. */
  #pathOf(sha: string): string {
    if (!/^[0-9a-f]{64}$/.test(sha))
      throw new FuncatronError('bundle_unknown', `"${sha}" is no SHA-256 in hexadecimal`);
    return join(this.#dir, `${sha}.zip`);
  }
}

/** Errors of the disk become `store_failed`; those of whoever sends the bytes stay as they are. */
async function write(path: string, source: AsyncIterable<Uint8Array>, bytesMax: number) {
  const disk = <T>(work: Promise<T>): Promise<T> =>
    work.catch((cause: unknown) => {
      throw failed(path, cause);
    });
  const file = await disk(open(path, 'wx', 0o600));
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      hash.update(chunk);
      await disk(writeChunk(file, chunk));
    }
    await disk(file.sync());
    return { sha: hash.digest('hex'), bytes };
  } finally {
    await file.close();
  }
}

/** A write on a nearly full disk may take only a part and no error. */
async function writeChunk(file: FileHandle, chunk: Uint8Array): Promise<void> {
  let written = 0;
  while (written < chunk.length)
    written += (await file.write(chunk, written, chunk.length - written)).bytesWritten;
}

async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function tooLarge(bytesMax: number): FuncatronError {
  const detail = `the bundle is over ${bytesMax} bytes; make it smaller or raise --bundle-max`;
  return new FuncatronError('bundle_too_large', detail);
}

function failed(path: string, cause: unknown): FuncatronError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
  const mend = full ? '; free some space on the disk' : '';
  return new FuncatronError('store_failed', `${path} could not be written: ${why}${mend}`, {
    cause,
  });
}
