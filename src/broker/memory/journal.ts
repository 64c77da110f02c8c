/**
 * Asynchronous calls on disk. Files are only appended to; what became of a call is a record of its
 * own.
 *
 * A file goes when no call in it is kept and no older file is left: records that say a call is done
 * lie in its own file or a later one, and must not go before it. When kept calls hold up too many
 * dead bytes, they are copied to the end. So the folder is at most about twice the kept bytes and
 * one file more.
 */
import { mkdir } from 'node:fs/promises';
import { FuncatronError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { CallHead } from '../../message.ts';
import { holdFolder } from '../../folder-lock.ts';
import { tronQueueStart } from '../job.ts';
import { decodeRecord, recordBytes, recordType } from './record.ts';
import { replay, setAside } from './replay.ts';
import type { Replayed } from './replay.ts';
import { decodeCall, encodeCall } from './stored.ts';
import type { CallState, StoredCall } from './stored.ts';
import type { Segment } from './segment.ts';
import { Writer } from './writer.ts';
import type { Append, Place } from './writer.ts';

/** More files than the kept bytes need, at most. */
const spareSegments = 8;

/** So much more there is room for what became of calls: without it no call can end. */
const reservePart = 0.25;

/** A call in the journal: what is known of it without reading it. */
export interface Kept extends Place {
  id: number;
  state: CallState;
}

export interface JournalOptions {
  dir: string;
  /** Bytes of calls that may be kept (`--journal-max`). */
  bytesMax: number;
  segmentBytesMax: number;
  log: Log;
}

export class Journal {
  readonly #options: JournalOptions;
  readonly #release: () => void;
  readonly #calls: Map<number, Kept>;
  readonly #writer: Writer;
  #nextId: number;
  /** Bytes of kept calls, those included that are being written. */
  #bytes = 0;
  #closed = false;

  private constructor(options: JournalOptions, release: () => void, found: Replayed) {
    const { dir, segmentBytesMax } = options;
    this.#options = options;
    this.#release = release;
    this.#calls = found.calls;
    this.#nextId = found.nextId;
    this.#writer = new Writer(dir, segmentBytesMax, found.segments, () => this.#tidySafely());
    for (const kept of found.calls.values()) this.#bytes += kept.bytes;
  }

  /**
   * Reads back what an earlier process kept. Rejects with `option_invalid` when another process
   * has the folder, and with `journal_failed` when it cannot be read or written.
   */
  static async open(options: JournalOptions): Promise<Journal> {
    const { dir } = options;
    let release: (() => void) | undefined;
    try {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      release = await holdFolder(dir);
      const found = await replay(options);
      const journal = new Journal(options, release, found);
      if (found.damaged) await journal.#rewriteUpTo(found.damaged);
      await journal.#tidy();
      return journal;
    } catch (cause) {
      release?.();
      if (cause instanceof FuncatronError) throw cause;
      throw failed(`${dir} cannot be used`, cause);
    }
  }

  get calls(): ReadonlyMap<number, Kept> {
    return this.#calls;
  }

  /** Resolves when the disk has the call. Rejects with `journal_failed`: nothing is kept then. */
  async append(state: CallState, head: CallHead, timeoutMs: number, body: Uint8Array) {
    const data = encodeCall(state, { head, timeoutMs, body });
    const bytes = recordBytes(data.length);
    const { bytesMax, dir } = this.#options;
    if (this.#closed) throw failed('the journal is closed');
    const reserve = state.queue.startsWith(tronQueueStart) ? reservePart * bytesMax : 0;
    if (this.#bytes + bytes > bytesMax + reserve)
      throw failed(
        `${this.#bytes} of ${bytesMax} bytes are kept already (--journal-max); ` +
          'raise the limit, or start more runners',
      );
    this.#bytes += bytes;
    const id = this.#nextId++;
    try {
      const place = await this.#writer.append({ type: recordType.call, id, data });
      const kept: Kept = { id, state, ...place };
      this.#calls.set(id, kept);
      count(kept, 1);
      return kept;
    } catch (cause) {
      this.#bytes -= bytes;
      throw failed(`${dir} cannot be written`, cause);
    }
  }

  /** Reads a call back. Rejects with `journal_failed` when its bytes are no longer sound. */
  async read({ segment, offset, bytes, state }: Kept): Promise<StoredCall> {
    const record = decodeRecord(await segment.read(offset, bytes), segment.marker, 0);
    if (record) return decodeCall(record.data).call;
    throw failed(`call ${state.callId} is corrupt in ${segment.path} at ${offset}`);
  }

  /** Forgets a call. Until the disk heard of it, a crash lets it be delivered once more. */
  done(kept: Kept): void {
    if (this.#closed || !this.#calls.delete(kept.id)) return;
    count(kept, -1);
    this.#bytes -= kept.bytes;
    this.#writer.note({ type: recordType.done, id: kept.id, data: Buffer.alloc(0) });
  }

  /** Keeps what became of a call. */
  update(kept: Kept, change: Partial<CallState>): void {
    if (this.#closed || !this.#calls.has(kept.id)) return;
    Object.assign(kept.state, change);
    const data = Buffer.from(JSON.stringify(change));
    this.#writer.note({ type: recordType.state, id: kept.id, data });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#writer.close();
    } catch (err) {
      this.#options.log.error({ err }, 'the journal could not be closed properly');
    }
    this.#release();
  }

  async #tidySafely(): Promise<void> {
    try {
      await this.#tidy();
    } catch (err) {
      this.#options.log.warn({ err }, 'the journal could not be tidied; its files stay');
    }
  }

  async #tidy(): Promise<void> {
    const { segments } = this.#writer;
    await this.#removeDead();
    if (segments[0] && segments[0] !== this.#writer.active && this.#isWasteful())
      await this.#rewriteUpTo(segments[0]);
  }

  #isWasteful(): boolean {
    const { segments } = this.#writer;
    const { segmentBytesMax } = this.#options;
    const total = segments.reduce((sum, { size }) => sum + size, 0);
    return (
      total > 2 * this.#bytes + segmentBytesMax ||
      segments.length > spareSegments + (2 * this.#bytes) / segmentBytesMax
    );
  }

  async #removeDead(): Promise<void> {
    const { segments } = this.#writer;
    while (segments[0] && segments[0].live === 0 && segments[0] !== this.#writer.active)
      await segments.shift()!.remove();
  }

  /** Copies the calls kept in a file and in all before it to the end, then deletes these. */
  async #rewriteUpTo(last: Segment): Promise<void> {
    // Never into a file that is about to go.
    if (this.#writer.active && this.#writer.active.number <= last.number)
      this.#writer.active = undefined;
    for (const kept of this.#calls.values())
      if (kept.segment.number <= last.number) await this.#copy(kept);
    await this.#writer.active?.sync();
    await this.#removeDead();
  }

  async #copy(kept: Kept): Promise<void> {
    const raw = await kept.segment.read(kept.offset, kept.bytes);
    const record = decodeRecord(raw, kept.segment.marker, 0);
    if (!record) {
      await setAside(raw, kept.segment, kept, this.#options);
      return this.done(kept);
    }
    const data = encodeCall(kept.state, decodeCall(record.data).call);
    const append: Append = { type: recordType.call, id: kept.id, data };
    const [place] = await this.#writer.writeBatch([append], false);
    // Done meanwhile: the record that says so comes after the copy, and holds for it too.
    if (!this.#calls.has(kept.id)) return;
    count(kept, -1);
    this.#bytes += place!.bytes - kept.bytes;
    Object.assign(kept, place);
    count(kept, 1);
  }
}

/** Enters a call in the books of the file it is in, or strikes it out. */
function count({ segment, bytes }: Kept, by: 1 | -1): void {
  segment.live += by;
  segment.liveBytes += by * bytes;
}

function failed(detail: string, cause?: unknown): FuncatronError {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new FuncatronError('journal_failed', `${detail}${why}`, { cause });
}
