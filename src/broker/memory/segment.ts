/** One file of the journal: written at its end only, read anywhere, deleted as a whole. */
import { randomBytes } from 'node:crypto';
import { open, readdir, rename, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

const namePattern = /^(\d{8})-([0-9a-f]{16})\.journal$/;

export class Segment {
  readonly number: number;
  readonly path: string;
  readonly marker: Buffer;
  readonly #file: FileHandle;
  /** Bytes of sound records. */
  size = 0;
  /** Calls in this file that are still kept, and their bytes. */
  live = 0;
  liveBytes = 0;

  private constructor(number: number, path: string, marker: Buffer, file: FileHandle) {
    this.number = number;
    this.path = path;
    this.marker = marker;
    this.#file = file;
  }

  static async create(dir: string, number: number): Promise<Segment> {
    const marker = randomBytes(8);
    const path = join(dir, `${String(number).padStart(8, '0')}-${marker.toString('hex')}.journal`);
    const segment = new Segment(number, path, marker, await open(path, 'wx+', 0o600));
    await syncFolder(dir);
    return segment;
  }

  /** The files in `dir`, oldest first. */
  static async openAll(dir: string): Promise<Segment[]> {
    const segments: Segment[] = [];
    for (const name of (await readdir(dir)).sort()) {
      const [, number, marker] = namePattern.exec(name) ?? [];
      if (number === undefined || marker === undefined) continue;
      const path = join(dir, name);
      const file = await open(path, 'r+');
      segments.push(new Segment(Number(number), path, Buffer.from(marker, 'hex'), file));
    }
    return segments;
  }

  readAll(): Promise<Buffer> {
    return this.#file.readFile();
  }

  async read(offset: number, bytes: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(bytes);
    const { bytesRead } = await this.#file.read(buffer, 0, bytes, offset);
    return buffer.subarray(0, bytesRead);
  }

  /** Appends and, when asked to, waits for the disk. What was cut short is cut off again. */
  async append(bytes: Buffer, durable: boolean): Promise<void> {
    try {
      let written = 0;
      while (written < bytes.length) {
        const left = bytes.length - written;
        written += (await this.#file.write(bytes, written, left, this.size + written)).bytesWritten;
      }
      if (durable) await this.#file.datasync();
    } catch (error) {
      await this.truncate(this.size);
      throw error;
    }
    this.size += bytes.length;
  }

  async truncate(size: number): Promise<void> {
    await this.#file.truncate(size);
    this.size = size;
  }

  sync(): Promise<void> {
    return this.#file.datasync();
  }

  async remove(): Promise<void> {
    await unlink(this.path);
    await this.#file.close();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Makes the names in a folder durable. */
async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Writes a whole file so that after a crash it is there whole or not at all. */
export async function writeWhole(dir: string, name: string, bytes: Buffer): Promise<string> {
  const path = join(dir, name);
  const file = await open(`${path}.part`, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
  await syncFolder(dir);
  return path;
}
