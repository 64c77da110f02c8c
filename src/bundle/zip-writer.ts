/**
 * Writes zips that come out the same on every machine: entries sorted, one fixed time, fixed
 * attributes, and a compressor in JavaScript, since Node's zlib differs between processors.
 */
import { crc32 } from 'node:zlib';
import { deflateSync } from 'fflate';
import { FuncatronError } from '../errors.ts';
import { assertSafePath, PathLedger } from './zip-path.ts';

export interface BundleFile {
  /** In the bundle, with slashes. */
  path: string;
  bytes: Uint8Array;
  executable?: boolean;
}

/** A file's data as they stand in a zip. */
export interface PackedFile {
  path: string;
  data: Uint8Array;
  /** Unpacked. */
  bytes: number;
  sum: number;
  deflated: boolean;
  executable: boolean;
}

const level = 6;
/** 1980-01-01, the first day a zip can name (APPNOTE.TXT 4.4.6). */
const firstDay = 0x0021;
/** Version 2.0, made on UNIX, so that the mode is heeded. */
const versionNeeded = 20;
const versionMade = (3 << 8) | versionNeeded;
/** Names are UTF-8 (APPNOTE.TXT 4.4.4, bit 11). */
const flags = 0x0800;
const plainMode = 0o100644;
const executableMode = 0o100755;

/** Compresses one file; stores it where that is not smaller. */
export function packFile(file: BundleFile): PackedFile {
  const { path, bytes, executable = false } = file;
  const deflated = deflateSync(bytes, { level });
  const smaller = deflated.length < bytes.length;
  return {
    path,
    data: smaller ? deflated : bytes,
    bytes: bytes.length,
    sum: crc32(bytes),
    deflated: smaller,
    executable,
  };
}

/** A zip of packed files, in order of their paths. Throws `bundle_invalid` for a bad path. */
export function writeZip(files: Iterable<PackedFile>): Uint8Array {
  const sorted = [...files].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const ledger = new PathLedger();
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const file of sorted) {
    assertSafePath(file.path);
    ledger.add(file.path);
    const { local, record } = entryHeaders(file, offset);
    directory.push(record);
    parts.push(local, file.data);
    offset += local.length + file.data.length;
  }
  const records = Buffer.concat(directory);
  if (sorted.length >= 0xffff || offset + records.length >= 0xffffffff)
    throw new FuncatronError(
      'bundle_too_large',
      'a zip holds at most 65,534 files and 4 GiB; leave files out with .funcatronignore',
    );
  return Buffer.concat([...parts, records, endRecord(sorted.length, records.length, offset)]);
}

/** What goes before the data of an entry that begins at `offset`, and into the directory. */
export function entryHeaders(file: PackedFile, offset: number): Record<'local' | 'record', Buffer> {
  const name = Buffer.from(file.path);
  const fields = sharedFields(file, name);
  const local = Buffer.concat([signature(0x04034b50), fields, name]);
  return { local, record: directoryRecord(file, fields, name, offset) };
}

/** What local header and directory record have in common (APPNOTE.TXT 4.3.7). */
function sharedFields(file: PackedFile, name: Buffer): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(versionNeeded, 0);
  fields.writeUInt16LE(flags, 2);
  fields.writeUInt16LE(file.deflated ? 8 : 0, 4);
  fields.writeUInt16LE(firstDay, 8);
  fields.writeUInt32LE(file.sum, 10);
  fields.writeUInt32LE(file.data.length, 14);
  fields.writeUInt32LE(file.bytes, 18);
  fields.writeUInt16LE(name.length, 22);
  return fields;
}

function directoryRecord(file: PackedFile, fields: Buffer, name: Buffer, offset: number): Buffer {
  const made = Buffer.alloc(2);
  made.writeUInt16LE(versionMade);
  const rest = Buffer.alloc(14);
  const mode = file.executable ? executableMode : plainMode;
  rest.writeUInt32LE(mode * 0x10000, 6);
  rest.writeUInt32LE(offset, 10);
  return Buffer.concat([signature(0x02014b50), made, fields, rest, name]);
}

function endRecord(entries: number, length: number, offset: number): Buffer {
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries, 4);
  end.writeUInt16LE(entries, 6);
  end.writeUInt32LE(length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([signature(0x06054b50), end]);
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
