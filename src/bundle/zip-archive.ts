/** A zip opened for reading: its directory is checked before, its data are verified while read. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib';
import { FuncatronError } from '../errors.ts';
import { assertLimit } from './limit.ts';
import type { BundleLimits } from './limit.ts';
import { damaged, findEntries, readDirectory } from './zip-directory.ts';
import type { ZipEntry } from './zip-directory.ts';
import { readExactly } from './zip-end.ts';
import { invalidEntry } from './zip-path.ts';

/** Up to this size an entry is unpacked in one go, which is quicker than a stream. */
const wholeBytesMax = 128 * 1024;
const chunkBytes = 256 * 1024;
const localSignature = 0x04034b50;
const localHeaderBytes = 30;

export class ZipArchive {
  readonly entries: readonly ZipEntry[];
  /** Of the file. */
  readonly bytes: number;
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle, bytes: number, entries: ZipEntry[]) {
    this.#handle = handle;
    this.bytes = bytes;
    this.entries = entries;
  }

  /**
   * Opens a zip; close it in any case. With `names` only the entries so named are looked at.
   * Throws `bundle_invalid` or `bundle_too_large`.
   */
  static async open(
    path: string,
    limits: BundleLimits,
    names?: readonly string[],
  ): Promise<ZipArchive> {
    const handle = await openFile(path);
    try {
      const { size } = await handle.stat();
      assertLimit('fileBytesMax', size, limits);
      const entries = names
        ? await findEntries(handle, size, limits, names)
        : await readDirectory(handle, size, limits);
      return new ZipArchive(handle, size, entries);
    } catch (thrown) {
      await handle.close();
      throw thrown;
    }
  }

  /** Hex SHA-256 of the whole file. */
  async sha(): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of readRange(this.#handle, 0, this.bytes)) hash.update(chunk);
    return hash.digest('hex');
  }

  /** The entry's data, size and checksum verified by the end. Throws `bundle_invalid`. */
  async *read(entry: ZipEntry): AsyncGenerator<Buffer> {
    const start = await findData(this.#handle, entry);
    let bytes = 0;
    let sum = 0;
    try {
      for await (const chunk of unpack(this.#handle, entry, start)) {
        bytes += chunk.length;
        if (bytes > entry.bytes) break;
        sum = crc32(chunk, sum);
        yield chunk;
      }
    } catch (thrown) {
      if (thrown instanceof FuncatronError) throw thrown;
      throw damaged(`${JSON.stringify(entry.path)}: ${(thrown as Error).message}`, thrown);
    }
    if (bytes !== entry.bytes) throw lie(entry, 'size');
    if (sum !== entry.sum) throw lie(entry, 'checksum');
  }

  /** Reads the entry to its end and keeps nothing. */
  async verify(entry: ZipEntry): Promise<void> {
    const chunks = this.read(entry);
    while (!(await chunks.next()).done);
  }

  async readAll(entry: ZipEntry): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.read(entry)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    const handle = await open(path, 'r');
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
  } catch (cause) {
    const detail = `cannot read ${path}: ${(cause as Error).message}`;
    throw new FuncatronError('bundle_invalid', detail, { cause });
  }
  throw new FuncatronError('bundle_invalid', `${path} is no file; give a zip, JAR or PEX`);
}

/** Where the data start. The local header must tell what the directory tells. */
async function findData(handle: FileHandle, entry: ZipEntry): Promise<number> {
  const header = await readExactly(handle, entry.start, localHeaderBytes + entry.name.length);
  if (header.readUInt32LE(0) !== localSignature) throw lie(entry, 'place');
  const isNamed = header.readUInt16LE(26) === entry.name.length;
  if (!isNamed || !header.subarray(localHeaderBytes).equals(entry.name)) throw lie(entry, 'name');
  if (header.readUInt16LE(8) !== entry.method) throw lie(entry, 'method');
  // Bit 3: the size was not known yet and follows the data (APPNOTE.TXT 4.4.4); all ones: zip64.
  const isKnown = (header.readUInt16LE(6) & 8) === 0 && header.readUInt32LE(18) !== 0xffffffff;
  if (isKnown && header.readUInt32LE(18) !== entry.packedBytes) throw lie(entry, 'size');
  return entry.start + header.length + header.readUInt16LE(28);
}

async function* unpack(handle: FileHandle, entry: ZipEntry, start: number): AsyncGenerator<Buffer> {
  const source = readRange(handle, start, entry.packedBytes);
  if (entry.method === 0) yield* source;
  else if (Math.max(entry.packedBytes, entry.bytes) <= wholeBytesMax) {
    const { value } = await source.next();
    yield inflateWhole(entry, value ?? Buffer.alloc(0));
  } else {
    const inflate = createInflateRaw({ chunkSize: chunkBytes });
    // Who reads `inflate` gets the error; the callback is here to make pipeline clean up.
    pipeline(Readable.from(source, { objectMode: false }), inflate, () => {});
    yield* inflate;
    if (inflate.bytesWritten !== entry.packedBytes) throw lie(entry, 'packed size');
  }
}

function inflateWhole(entry: ZipEntry, packed: Buffer): Buffer {
  const options = { maxOutputLength: Math.max(1, entry.bytes), info: true };
  // Node's types leave out what `info` does to the result.
  const { buffer, engine } = inflateRawSync(packed, options) as unknown as {
    buffer: Buffer;
    engine: { bytesWritten: number };
  };
  if (engine.bytesWritten !== packed.length) throw lie(entry, 'packed size');
  return buffer;
}

/** A part of a file, in chunks. */
export async function* readRange(
  handle: FileHandle,
  start: number,
  length: number,
): AsyncGenerator<Buffer, undefined> {
  for (let done = 0; done < length; done += chunkBytes)
    yield await readExactly(handle, start + done, Math.min(chunkBytes, length - done));
}

function lie(entry: ZipEntry, what: string): FuncatronError {
  return invalidEntry(entry.path, `is not what the directory says (${what})`, 'build it anew');
}
