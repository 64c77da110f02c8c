/** What a share fetch brings, as the records we were given. */
import type { AckBatch, Shared } from './share.ts';

export interface TakenRecord {
  offset: bigint;
  /** Null for what is no record of ours: a marker of Kafka's own, or one without a value. */
  value: Buffer | null;
  headers: [Buffer | null, Buffer | null][];
  /** Milliseconds since 1970. */
  time: number;
  /** 1 for the first. */
  deliveries: number;
}

const isControl = 1 << 5;

/** Whole batches come, of which some records are other takers'. */
export function acquiredOf({ batches, acquired }: Shared): TakenRecord[] {
  const records = new Map<bigint, TakenRecord>();
  for (const { first, last, deliveries } of acquired)
    for (let offset = first; offset <= last; offset++)
      records.set(offset, { offset, value: null, headers: [], time: 0, deliveries });
  for (const { firstOffset, firstTimestamp, attributes, records: all } of batches)
    for (const { offsetDelta, timestampDelta, value, headers } of all) {
      const record = records.get(firstOffset + BigInt(offsetDelta));
      if (!record || attributes & isControl) continue;
      record.value = value;
      record.headers = headers;
      record.time = Number(firstTimestamp + timestampDelta);
    }
  return [...records.values()];
}

/** Offsets in any order, as runs. */
export function batchesOf(offsets: readonly bigint[], type: number): AckBatch[] {
  const batches: AckBatch[] = [];
  for (const offset of offsets.toSorted((a, b) => (a < b ? -1 : 1))) {
    const last = batches.at(-1);
    if (last && last.last + 1n === offset) last.last = offset;
    else batches.push({ first: offset, last: offset, type });
  }
  return batches;
}
