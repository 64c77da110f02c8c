/** One more entry for a zip that somebody else made; what it has stays, byte for byte. */
import { open } from 'node:fs/promises';
import { FuncatronError } from '../errors.ts';
import { noLimits } from './limit.ts';
import { readRange } from './zip-archive.ts';
import { findEntries } from './zip-directory.ts';
import { readEnd, readExactly } from './zip-end.ts';
import { assertSafePath, invalidEntry } from './zip-path.ts';
import { entryHeaders, packFile } from './zip-writer.ts';
import type { BundleFile } from './zip-writer.ts';

const entriesMax = 0xfffe;
const zipBytesMax = 0xfffffffe;

/**
 * The zip at `path` with one entry more, in chunks: its own entries, the new one, the directory.
 * Signatures of a JAR stay good, since they are of its entries. The same zip and entry give the same
 * bytes. Throws `bundle_invalid` when that path is in the zip already, and `bundle_too_large` when the
 * zip has no room for another entry, or is a zip64 archive.
 */
export async function* appendEntry(path: string, entry: BundleFile): AsyncGenerator<Buffer> {
  assertSafePath(entry.path);
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const [double] = await findEntries(file, size, noLimits, [entry.path]);
    if (double) throw invalidEntry(entry.path, 'is there already', 'keep one');
    const { start, shift, directory, entries } = await readEnd(file, size, noLimits);
    const packed = packFile(entry);
    const { local, record } = entryHeaders(packed, start - shift);
    const moved = start + local.length + packed.data.length;
    const directoryBytes = directory.length + record.length;
    if (entries >= entriesMax || moved + directoryBytes > zipBytesMax) throw full();
    yield* readRange(file, 0, start);
    yield Buffer.concat([local, packed.data]);
    yield Buffer.concat([directory, record]);
    // The end record (APPNOTE.TXT 4.3.16) and the comment behind it.
    const endStart = start + directory.length;
    const end = await readExactly(file, endStart, size - endStart);
    end.writeUInt16LE(entries + 1, 8);
    end.writeUInt16LE(entries + 1, 10);
    end.writeUInt32LE(directoryBytes, 12);
    end.writeUInt32LE(moved - shift, 16);
    yield end;
  } finally {
    await file.close();
  }
}

function full(): FuncatronError {
  return new FuncatronError(
    'bundle_too_large',
    'the zip has no room for its contract: one holds at most 65,534 entries and 4 GiB; ' +
      'make it smaller, or build it with the contract in it',
  );
}
