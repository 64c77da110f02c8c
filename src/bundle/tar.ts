/**
 * Reads tar files (POSIX.1-2017, pax, "ustar Interchange Format") as far as a build's context goes:
 * plain files and folders, long names by pax or as GNU tar writes them. What is anything else, or
 * would land outside its folder, is refused, and so is what is over the limits of bundles.
 */
import { FuncatronError } from '../errors.ts';
import { assertLimit } from './limit.ts';
import type { BundleLimits } from './limit.ts';
import { assertSafePath, invalidEntry, PathLedger } from './zip-path.ts';
import type { BundleFile } from './zip-writer.ts';

const block = 512;
/** Headers about an entry, such as its long name, are no larger than that. */
const aboutBytesMax = 64 * 1024;

const typeNames: Record<string, string> = {
  1: 'a hard link',
  2: 'a symbolic link',
  3: 'a character device',
  4: 'a block device',
  6: 'a named pipe',
};

/** What a pax header or a GNU long name says of the entry after it. */
interface About {
  path?: string;
  size?: number;
}

/** The plain files of a tar. Throws `bundle_invalid` or `bundle_too_large`. */
export function readTar(bytes: Uint8Array, limits: BundleLimits): BundleFile[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  assertLimit('fileBytesMax', buffer.length, limits);
  const files: BundleFile[] = [];
  const ledger = new PathLedger();
  let about: About = {};
  let total = 0;
  for (let at = 0, entries = 0; ; entries++) {
    const header = buffer.subarray(at, at + block);
    if (header.length < block) throw broken('it ends without an end; send the whole of it');
    if (header.every((byte) => byte === 0)) return files;
    assertChecksum(header, at);
    assertLimit('entriesMax', entries + 1, limits);
    const size = about.size ?? readNumber(header.subarray(124, 136), at);
    const start = at + block;
    const content = buffer.subarray(start, start + size);
    if (content.length < size) throw broken(`an entry at byte ${at} is cut off`);
    at = start + Math.ceil(size / block) * block;
    const type = String.fromCharCode(header[156]!);
    if (type === 'x' || type === 'L') {
      about = { ...about, ...readAbout(type, content) };
      continue;
    }
    // Global headers are about the archive: times, comments.
    if (type === 'g') continue;
    const path = cleanPath(about.path ?? readPath(header));
    about = {};
    if (path === '' || path === '/') continue;
    addEntry(path, type);
    if (type === '5') continue;
    assertLimit('entryBytesMax', size, limits, path);
    assertLimit('unpackedBytesMax', (total += size), limits);
    const mode = readNumber(header.subarray(100, 108), at);
    files.push({ path, bytes: content, executable: (mode & 0o111) !== 0 });
  }

  function addEntry(path: string, type: string): void {
    assertLimit('pathBytesMax', Buffer.byteLength(path), limits, path.slice(0, 100));
    if (!/^[057\0]$/.test(type)) {
      const name = typeNames[type] ?? `of the type ${JSON.stringify(type)}`;
      throw invalidEntry(path, `is ${name}`, 'send plain files');
    }
    const full = type === '5' && !path.endsWith('/') ? `${path}/` : path;
    assertSafePath(full);
    if (type !== '5' && path.endsWith('/'))
      throw invalidEntry(path, 'is a file with a slash at its end', 'send plain files');
    ledger.add(full);
  }
}

/** `./src/a` is `src/a`; the folder itself is nothing. */
function cleanPath(path: string): string {
  return path.replace(/^(\.\/+)+/, '').replace(/^\.$/, '');
}

/** Name and, in ustar, what goes before it. */
function readPath(header: Buffer): string {
  const name = readText(header.subarray(0, 100));
  const isPosix = header.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isPosix ? readText(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function readText(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}

/** Octal digits, or for large numbers GNU's base 256: the first bit set. */
function readNumber(field: Buffer, at: number): number {
  let value: number;
  if (field[0]! & 0x80) {
    value = field[0]! & 0x7f;
    for (const byte of field.subarray(1)) value = value * 256 + byte;
  } else {
    const text = readText(field).trim();
    value = /^[0-7]*$/.test(text) ? Number.parseInt(text || '0', 8) : NaN;
  }
  if (Number.isSafeInteger(value)) return value;
  throw broken(`a header at byte ${at} has a number that is none`);
}

/** The sum of all bytes of the header, its own taken for blanks. */
function assertChecksum(header: Buffer, at: number): void {
  const said = readNumber(header.subarray(148, 156), at);
  let sum = 8 * 32;
  for (const [index, byte] of header.entries()) if (index < 148 || index >= 156) sum += byte;
  if (sum !== said) throw broken(`the header at byte ${at} is damaged, or it is no tar at all`);
}

function readAbout(type: 'x' | 'L', content: Buffer): About {
  if (content.length > aboutBytesMax) throw broken('a name in it is too long');
  if (type === 'L') return { path: readText(content) };
  const about: About = {};
  for (let at = 0; at < content.length;) {
    const blank = content.indexOf(32, at);
    const digits = content.toString('latin1', at, Math.max(at, blank));
    const length = /^[1-9]\d{0,7}$/.test(digits) ? Number(digits) : 0;
    const record = content.toString('utf8', blank + 1, at + length - 1);
    const equals = record.indexOf('=');
    if (length === 0 || at + length > content.length || equals < 0)
      throw broken('a pax header in it cannot be read');
    const [key, value] = [record.slice(0, equals), record.slice(equals + 1)];
    if (key === 'path') about.path = value;
    if (key === 'size') about.size = asSize(value);
    at += length;
  }
  return about;
}

function asSize(text: string): number {
  const size = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(size)) return size;
  throw broken('a pax header in it has a size that is none');
}

function broken(why: string): FuncatronError {
  return new FuncatronError('bundle_invalid', `the tar cannot be read: ${why}`);
}
