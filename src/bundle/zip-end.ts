/** Finds the directory of a zip from the end of the file. */
import type { FileHandle } from 'node:fs/promises';
import { FuncatronError } from '../errors.ts';
import { assertLimit } from './limit.ts';
import type { BundleLimits } from './limit.ts';

const endSignature = 0x06054b50;
const zip64Signature = 0x07064b50;
const endBytes = 22;
const zip64LocatorBytes = 20;
const commentBytesMax = 0xffff;

export interface ZipEnd {
  /**
   * Bytes of the file that offsets do not count: a PEX made with `cat` has its first line before
   * a zip that knows nothing of it.
   */
  shift: number;
  /** Where the directory starts in the file. */
  start: number;
  directory: Buffer;
  entries: number;
}

/** Throws `bundle_invalid` when there is no honest end, `bundle_too_large` over a limit. */
export async function readEnd(
  handle: FileHandle,
  size: number,
  limits: BundleLimits,
): Promise<ZipEnd> {
  const length = Math.min(size, endBytes + zip64LocatorBytes + commentBytesMax);
  const tailStart = size - length;
  const tail = await readExactly(handle, tailStart, length);
  const { at, ...end } = findEnd(tail, tailStart);
  assertLimit('entriesMax', end.entries, limits);
  const directoryBytes = tailStart + at - end.start;
  // A record has 46 bytes, a path, and extra fields, which are small in honest files.
  if (directoryBytes > (limits.entriesMax + 1) * (46 + limits.pathBytesMax + 512))
    throw new FuncatronError('bundle_invalid', 'the zip directory is too large; build it anew');
  const directory =
    end.start >= tailStart
      ? tail.subarray(end.start - tailStart, at)
      : await readExactly(handle, end.start, directoryBytes);
  return { ...end, directory };
}

/** The end record (APPNOTE.TXT 4.3.16), which only a comment may follow. */
function findEnd(
  tail: Buffer,
  tailStart: number,
): { at: number; shift: number; start: number; entries: number } {
  let at = tail.length - endBytes;
  while (at >= 0 && tail.readUInt32LE(at) !== endSignature) at--;
  if (at < 0) throw cutOff();
  if (at + endBytes + tail.readUInt16LE(at + 20) !== tail.length)
    throw new FuncatronError(
      'bundle_invalid',
      'bytes follow the end of the zip; upload the file as it was built',
    );
  const entries = tail.readUInt16LE(at + 10);
  // Numbers of this disk and of the directory's, and its entries on this disk.
  if (tail.readUInt32LE(at + 4) !== 0 || tail.readUInt16LE(at + 8) !== entries) throw cutOff();
  const length = tail.readUInt32LE(at + 12);
  const offset = tail.readUInt32LE(at + 16);
  const locator = at - zip64LocatorBytes;
  const hasLocator = locator >= 0 && tail.readUInt32LE(locator) === zip64Signature;
  if (hasLocator || entries === 0xffff || length === 0xffffffff || offset === 0xffffffff)
    throw new FuncatronError(
      'bundle_too_large',
      'the file is a zip64 archive, for over 4 GiB or 65,534 entries; build a plain, smaller zip',
    );
  const start = tailStart + at - length;
  if (start < offset) throw cutOff();
  return { at, shift: start - offset, start, entries };
}

/** Reads exactly `length` bytes, or throws `bundle_invalid`: the file ends too early. */
export async function readExactly(
  handle: FileHandle,
  position: number,
  length: number,
): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, position + done);
    if (bytesRead === 0) throw cutOff();
    done += bytesRead;
  }
  return buffer;
}

function cutOff(): FuncatronError {
  return new FuncatronError(
    'bundle_invalid',
    'the zip is cut off or damaged; build it again and upload the whole file',
  );
}
