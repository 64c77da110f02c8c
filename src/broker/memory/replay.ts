/** Reads a journal back at start: which calls are kept, and where they are. */
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Log } from '../../log.ts';
import type { Kept } from './journal.ts';
import { recordType, scanRecords } from './record.ts';
import type { JournalRecord } from './record.ts';
import { Segment, writeWhole } from './segment.ts';
import { currentState, decodeCall } from './stored.ts';

export interface Replayed {
  /** Oldest first. */
  segments: Segment[];
  calls: Map<number, Kept>;
  nextId: number;
  /** The newest file with a corrupt stretch in its middle: to be rewritten with all before it. */
  damaged: Segment | undefined;
}

interface Folder {
  dir: string;
  log: Log;
}

export async function replay(folder: Folder): Promise<Replayed> {
  const segments = await Segment.openAll(folder.dir);
  const replayed: Replayed = { segments, calls: new Map(), nextId: 1, damaged: undefined };
  for (const segment of segments) await replaySegment(segment, replayed, folder);
  for (const kept of replayed.calls.values()) {
    const { segment, bytes, state } = kept;
    kept.state = currentState(state);
    segment.live++;
    segment.liveBytes += bytes;
  }
  return replayed;
}

async function replaySegment(segment: Segment, into: Replayed, folder: Folder): Promise<void> {
  const file = await segment.readAll();
  segment.size = file.length;
  for (const found of scanRecords(file, segment.marker)) {
    const { offset, bytes } = found;
    if ('type' in found) {
      into.nextId = Math.max(into.nextId, found.id + 1);
      apply(found, segment, into.calls);
      continue;
    }
    if (found.torn)
      folder.log.warn({ file: segment.path, offset, bytes }, 'cut off an unfinished append');
    else await setAside(file.subarray(offset, offset + bytes), segment, found, folder);
    if (offset + bytes === file.length) await segment.truncate(offset);
    else into.damaged = segment;
  }
}

/** Keeps corrupt bytes in a file of their own and says so: nothing is dropped silently. */
export async function setAside(
  bytes: Buffer,
  { path }: Segment,
  { offset }: { offset: number },
  { dir, log }: Folder,
): Promise<void> {
  const folder = join(dir, 'corrupt');
  await mkdir(folder, { recursive: true });
  const copy = await writeWhole(folder, `${basename(path, '.journal')}-${offset}.bin`, bytes);
  log.error(
    { file: path, offset, bytes: bytes.length, copy },
    'the journal is corrupt here: asynchronous calls may be lost; the bytes were set aside',
  );
}

function apply(record: JournalRecord, segment: Segment, calls: Map<number, Kept>): void {
  const { type, id, data, offset, bytes } = record;
  const kept = calls.get(id);
  if (type === recordType.call)
    calls.set(id, { id, segment, offset, bytes, state: decodeCall(data).state });
  else if (type === recordType.done) calls.delete(id);
  else if (kept) Object.assign(kept.state, JSON.parse(data.toString()));
}
