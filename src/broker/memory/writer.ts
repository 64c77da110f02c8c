/**
 * Appends records to the journal's files, in the order they were asked for. Those that come while
 * a write is on its way share the next one, and its fsync.
 */
import { encodeRecord, recordBytes } from './record.ts';
import type { RecordType } from './record.ts';
import { Segment } from './segment.ts';

/** So much is written at once, unless one record alone is larger. */
const batchBytesMax = 8 * 2 ** 20;

export interface Place {
  segment: Segment;
  offset: number;
  bytes: number;
}

export interface Append {
  type: RecordType;
  id: number;
  data: Buffer;
}

interface Pending extends Append {
  /** Absent for a note: nobody waits for it, and it may reach the disk later. */
  settle?: { resolve: (place: Place) => void; reject: (error: unknown) => void };
}

export class Writer {
  readonly #dir: string;
  readonly #segmentBytesMax: number;
  /** Oldest first. */
  readonly segments: Segment[];
  /** The file written to: never one of an earlier process. */
  active: Segment | undefined;
  /** Called whenever everything asked for was written, before anything else is. */
  readonly #onDrained: () => Promise<void>;
  #pending: Pending[] = [];
  #draining: Promise<void> | undefined;

  constructor(
    dir: string,
    segmentBytesMax: number,
    segments: Segment[],
    onDrained: () => Promise<void>,
  ) {
    this.#dir = dir;
    this.#segmentBytesMax = segmentBytesMax;
    this.segments = segments;
    this.#onDrained = onDrained;
  }

  /** Resolves with the record's place once the disk has it. On rejection nothing of it is kept. */
  append(append: Append): Promise<Place> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ ...append, settle: { resolve, reject } });
      this.#draining ??= this.#drain();
    });
  }

  /** Writes soon, and does not wait for the disk; on failure again with the next write. */
  note(append: Append): void {
    this.#pending.push(append);
    this.#draining ??= this.#drain();
  }

  /** Writes at once, ahead of what waits. Only for `onDrained`, and before the first append. */
  async writeBatch(batch: readonly Append[], durable: boolean): Promise<Place[]> {
    const size = batch.reduce((sum, { data }) => sum + recordBytes(data.length), 0);
    const segment = await this.#segmentFor(size);
    const records = batch.map(({ type, id, data }) => encodeRecord(segment.marker, type, id, data));
    let offset = segment.size;
    try {
      await segment.append(Buffer.concat(records), durable);
    } catch (error) {
      // Nothing more goes into a file that failed; an empty one can be tried again.
      if (segment.size > 0) this.active = undefined;
      throw error;
    }
    return records.map((record) => {
      const place = { segment, offset, bytes: record.length };
      offset += record.length;
      return place;
    });
  }

  async close(): Promise<void> {
    await this.#draining;
    await this.active?.sync();
    for (const segment of this.segments) await segment.close();
  }

  async #drain(): Promise<void> {
    // A turn of the event loop first: whatever comes in it shares the write.
    await new Promise(setImmediate);
    const failed: Pending[] = [];
    while (this.#pending.length > 0) {
      const batch = this.#takeBatch();
      try {
        const places = await this.writeBatch(
          batch,
          batch.some(({ settle }) => settle),
        );
        for (const [index, { settle }] of batch.entries()) settle?.resolve(places[index]!);
      } catch (error) {
        for (const { settle } of batch) settle?.reject(error);
        failed.push(...batch.filter(({ settle }) => !settle));
      }
      if (this.#pending.length === 0) await this.#onDrained();
    }
    this.#pending = failed;
    this.#draining = undefined;
  }

  #takeBatch(): Pending[] {
    let bytes = 0;
    let count = 0;
    for (const { data } of this.#pending) {
      bytes += recordBytes(data.length);
      if (count > 0 && bytes > batchBytesMax) break;
      count++;
    }
    return this.#pending.splice(0, count);
  }

  async #segmentFor(bytes: number): Promise<Segment> {
    const { active } = this;
    if (active && (active.size === 0 || active.size + bytes <= this.#segmentBytesMax))
      return active;
    const number = (this.segments.at(-1)?.number ?? 0) + 1;
    this.active = await Segment.create(this.#dir, number);
    this.segments.push(this.active);
    return this.active;
  }
}
