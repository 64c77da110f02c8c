/**
 * The journal's records: `marker (8) | u32 length | u32 crc32 | payload`, payload
 * `u8 type | u64 id | data`, integers big-endian. The marker is random per file and in its name, so
 * that after a corrupt stretch the next record can be found, and no body can pass for one.
 */
import { crc32 } from 'node:zlib';

const headerBytes = 16;
const prefixBytes = 9;

export const recordType = { call: 1, done: 2, state: 3 } as const;
export type RecordType = (typeof recordType)[keyof typeof recordType];

export interface JournalRecord {
  type: RecordType;
  id: number;
  data: Buffer;
  /** Where the whole record is in its file. */
  offset: number;
  bytes: number;
}

/** A stretch that is no record. `torn`: the write of the last record was cut short. */
export interface Damage {
  offset: number;
  bytes: number;
  torn: boolean;
}

/** A record as written to the file with this marker. */
export function encodeRecord(marker: Buffer, type: RecordType, id: number, data: Buffer): Buffer {
  const record = Buffer.allocUnsafe(headerBytes + prefixBytes + data.length);
  marker.copy(record);
  record.writeUInt32BE(prefixBytes + data.length, 8);
  record.writeUInt8(type, headerBytes);
  record.writeBigUInt64BE(BigInt(id), headerBytes + 1);
  data.copy(record, headerBytes + prefixBytes);
  record.writeUInt32BE(crc32(record.subarray(headerBytes)), 12);
  return record;
}

export function recordBytes(dataBytes: number): number {
  return headerBytes + prefixBytes + dataBytes;
}

/** The record at `offset`, or undefined when there is no whole and sound one. */
export function decodeRecord(
  file: Buffer,
  marker: Buffer,
  offset: number,
): JournalRecord | undefined {
  if (file.length - offset < headerBytes + prefixBytes) return undefined;
  if (marker.compare(file, offset, offset + marker.length) !== 0) return undefined;
  const length = file.readUInt32BE(offset + 8);
  const start = offset + headerBytes;
  if (length < prefixBytes || length > file.length - start) return undefined;
  const payload = file.subarray(start, start + length);
  if (crc32(payload) !== file.readUInt32BE(offset + 12)) return undefined;
  const type = payload.readUInt8(0) as RecordType;
  const id = Number(payload.readBigUInt64BE(1));
  return { type, id, data: payload.subarray(prefixBytes), offset, bytes: headerBytes + length };
}

/** All records of a file in order, and every stretch between them that is none. */
export function* scanRecords(file: Buffer, marker: Buffer): Generator<JournalRecord | Damage> {
  let offset = 0;
  while (offset < file.length) {
    const record = decodeRecord(file, marker, offset);
    if (record) {
      yield record;
      offset += record.bytes;
      continue;
    }
    const next = nextRecord(file, marker, offset + 1);
    const end = next ?? file.length;
    yield { offset, bytes: end - offset, torn: next === undefined && isTorn(file, marker, offset) };
    offset = end;
  }
}

function nextRecord(file: Buffer, marker: Buffer, from: number): number | undefined {
  let at = file.indexOf(marker, from);
  while (at >= 0 && !decodeRecord(file, marker, at)) at = file.indexOf(marker, at + 1);
  return at < 0 ? undefined : at;
}

/** A write that was cut short leaves a beginning of a record, or zeros where it never arrived. */
function isTorn(file: Buffer, marker: Buffer, offset: number): boolean {
  const rest = file.subarray(offset);
  if (rest.every((byte) => byte === 0)) return true;
  const begun = Math.min(rest.length, marker.length);
  if (marker.compare(rest, 0, begun, 0, begun) !== 0) return false;
  return rest.length < headerBytes || rest.readUInt32BE(8) > rest.length - headerBytes;
}
