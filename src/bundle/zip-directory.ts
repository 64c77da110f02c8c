/** The directory of a zip, checked whole against our limits before a byte is unpacked. */
import type { FileHandle } from 'node:fs/promises';
import { FuncatronError } from '../errors.ts';
import { assertLimit } from './limit.ts';
import type { BundleLimits } from './limit.ts';
import { readEnd, readExactly } from './zip-end.ts';
import type { ZipEnd } from './zip-end.ts';
import { assertPlainType, assertSafePath, invalidEntry, PathLedger } from './zip-path.ts';

const recordSignature = 0x02014b50;
const recordBytes = 46;
const localHeaderBytes = 30;
/** Below this size no ratio makes a bomb. */
const harmlessBytes = 16 * 2 ** 20;

/** A record of the directory (APPNOTE.TXT 4.3.12). */
export interface ZipEntry {
  /** With slashes; ends with one for a folder. */
  path: string;
  /** The path as it stands in the file. */
  name: Buffer;
  /** Unpacked. */
  bytes: number;
  packedBytes: number;
  /** 0 stored, 8 deflated. */
  method: number;
  /** CRC-32 of the unpacked data. */
  sum: number;
  flags: number;
  /** The upper half is the UNIX mode, zero where none was written. */
  attributes: number;
  /** Where the local header starts in the file. */
  start: number;
}

/** Every entry, each of them safe to unpack. Throws `bundle_invalid` or `bundle_too_large`. */
export async function readDirectory(
  handle: FileHandle,
  size: number,
  limits: BundleLimits,
): Promise<ZipEntry[]> {
  const hasPrelude = await readStart(handle, size);
  const end = await readEnd(handle, size, limits);
  const entries = [...walk(end)];
  assertApart(entries, hasPrelude, end.start);
  const ledger = new PathLedger();
  for (const entry of entries) {
    assertEntry(entry, limits);
    ledger.add(entry.path);
  }
  const total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  assertLimit('unpackedBytesMax', total, limits);
  if (total > harmlessBytes) assertLimit('ratioMax', Math.floor(total / size), limits);
  return entries;
}

/** The entries with one of these names, which are in ASCII; others are not looked at. */
export async function findEntries(
  handle: FileHandle,
  size: number,
  limits: BundleLimits,
  names: readonly string[],
): Promise<ZipEntry[]> {
  await readStart(handle, size);
  const wanted = new Set(names);
  const entries = [...walk(await readEnd(handle, size, limits), wanted)];
  for (const entry of entries) assertEntry(entry, limits);
  return entries;
}

/** Whether the file starts with a `#!` line; throws unless it is that or a zip. */
async function readStart(handle: FileHandle, size: number): Promise<boolean> {
  const start = (await readExactly(handle, 0, Math.min(4, size))).toString('latin1');
  if (start.startsWith('#!')) return true;
  if (start === 'PK\x03\x04' || start === 'PK\x05\x06') return false;
  throw new FuncatronError('bundle_invalid', 'the file is no zip; upload a zip, JAR or PEX');
}

/** The records, or those with a wanted name. Throws unless they fill the directory exactly. */
function* walk(end: ZipEnd, wanted?: Set<string>): Generator<ZipEntry> {
  const { directory, entries, shift } = end;
  let at = 0;
  for (let index = 0; index < entries; index++) {
    const isRecord =
      at + recordBytes <= directory.length && directory.readUInt32LE(at) === recordSignature;
    if (!isRecord) throw damaged('its directory does not add up');
    const nameStart = at + recordBytes;
    const nameEnd = nameStart + directory.readUInt16LE(at + 28);
    const isWanted = !wanted || wanted.has(directory.toString('latin1', nameStart, nameEnd));
    if (isWanted) yield readRecord(directory, at, directory.subarray(nameStart, nameEnd), shift);
    at = nameEnd + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  if (at !== directory.length) throw damaged('its directory does not add up');
}

function readRecord(directory: Buffer, at: number, name: Buffer, shift: number): ZipEntry {
  return {
    path: name.toString(),
    name,
    flags: directory.readUInt16LE(at + 8),
    method: directory.readUInt16LE(at + 10),
    sum: directory.readUInt32LE(at + 16),
    packedBytes: directory.readUInt32LE(at + 20),
    bytes: directory.readUInt32LE(at + 24),
    attributes: directory.readUInt32LE(at + 38),
    start: directory.readUInt32LE(at + 42) + shift,
  };
}

/** Data that two entries share, or that hide before the first one, are how zips deceive. */
function assertApart(entries: ZipEntry[], hasPrelude: boolean, directoryStart: number): void {
  let end = 0;
  for (const entry of entries.toSorted((a, b) => a.start - b.start)) {
    const isHidden = end === 0 && entry.start > 0 && !hasPrelude;
    if (entry.start < end || isHidden) throw damaged('its entries overlap, or bytes precede them');
    end = entry.start + localHeaderBytes + entry.name.length + entry.packedBytes;
  }
  if (end > directoryStart) throw damaged('its entries run into its directory');
}

function assertEntry(entry: ZipEntry, limits: BundleLimits): void {
  const { path, name, bytes, flags, method } = entry;
  assertLimit('pathBytesMax', name.length, limits, path.slice(0, 100));
  assertSafePath(path);
  assertPlainType(path, entry.attributes);
  assertLimit('entryBytesMax', bytes, limits, path);
  // Bits 0, 6 and 13: encryption, strong encryption, and a masked directory.
  if (flags & 0x2041) throw invalidEntry(path, 'is encrypted', 'build the zip without a password');
  if (method !== 0 && method !== 8)
    throw invalidEntry(path, `has compression method ${method}`, 'use deflate');
  if (path.endsWith('/') && bytes > 0)
    throw invalidEntry(path, 'is a folder with data', 'build the zip anew');
}

export function isExecutable(entry: ZipEntry): boolean {
  return !entry.path.endsWith('/') && ((entry.attributes >>> 16) & 0o111) !== 0;
}

/** A `bundle_invalid` for what cannot be made sense of. */
export function damaged(text: string, cause?: unknown): FuncatronError {
  return new FuncatronError('bundle_invalid', `the zip is damaged: ${text}; build it anew`, {
    ...(cause !== undefined && { cause }),
  });
}
