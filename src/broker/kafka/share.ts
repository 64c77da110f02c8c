/**
 * The requests of share groups (KIP-932, KIP-1206, KIP-1222, KIP-1226), which the client library
 * does not have: a share group hands out single records of a partition to any number of members,
 * and takes an acknowledgement of each. Field by field as Kafka's own message definitions have it.
 */
import { createAPI, Reader, readRecordsBatches, ResponseError, Writer } from '@platformatic/kafka';
import type { RecordsBatch } from '@platformatic/kafka';

/** What became of an acquired record. */
export const accept = 1;
export const renew = 4;

/** Offsets of one partition, both ends included, and what became of all of them. */
export interface AckBatch {
  first: bigint;
  last: bigint;
  type: number;
}

/** One partition asked for; the only one, for us, of its topic. */
export interface ShareTopic {
  topicId: string;
  acks: readonly AckBatch[];
}

export interface Heartbeat {
  memberEpoch: number;
  intervalMs: number;
  /** Ids of the topics assigned; absent when that did not change. */
  topicIds?: string[];
}

export interface Acquired {
  first: bigint;
  last: bigint;
  /** 1 for the first delivery. */
  deliveries: number;
}

export interface Shared {
  /** Code of what went wrong with the fetch, 0 for nothing. */
  error: number;
  /** The same for the acknowledgements sent with it. */
  ackError: number;
  lockMs: number;
  batches: RecordsBatch[];
  acquired: Acquired[];
}

/** Joins (epoch 0), stays in, or leaves (epoch -1) a group. */
export const heartbeat = createAPI<
  [group: string, member: string, epoch: number, topics: string[] | null],
  Heartbeat
>(
  76,
  1,
  (group: string, member: string, epoch: number, topics: string[] | null) =>
    Writer.create()
      .appendString(group)
      .appendString(member)
      .appendInt32(epoch)
      .appendString(null)
      .appendArray(topics, (w, topic: string) => w.appendString(topic), true, false)
      .appendTaggedFields(),
  (_correlation, key, version, reader) => {
    reader.readInt32();
    const error = reader.readInt16();
    const message = reader.readNullableString();
    reader.readNullableString();
    const beat: Heartbeat = { memberEpoch: reader.readInt32(), intervalMs: reader.readInt32() };
    if (reader.readInt8() !== -1) {
      beat.topicIds = reader.readArray((r) => {
        const topicId = r.readUUID();
        r.readArray((one) => one.readInt32(), true, false);
        return topicId;
      });
    }
    if (error !== 0) throw new ResponseError(key, version, { '': [error, message] }, beat);
    return beat;
  },
);

/** Acknowledges, and waits up to `waitMs` for at most `count` further records. */
export const shareFetch = createAPI<
  [
    group: string,
    member: string,
    epoch: number,
    topic: ShareTopic,
    waitMs: number,
    bytes: number,
    count: number,
  ],
  Shared
>(
  78,
  2,
  (
    group: string,
    member: string,
    epoch: number,
    topic: ShareTopic,
    waitMs: number,
    bytes: number,
    count: number,
  ) =>
    appendTopics(
      Writer.create()
        .appendString(group)
        .appendString(member)
        .appendInt32(epoch)
        .appendInt32(waitMs)
        .appendInt32(1)
        .appendInt32(bytes)
        .appendInt32(count)
        .appendInt32(count)
        // Never more records than asked for, although a producer sent more in one batch.
        .appendInt8(1)
        .appendBoolean(false),
      topic,
    )
      .appendArray([], () => undefined)
      .appendTaggedFields(),
  (_correlation, key, version, reader) => readShared(key, version, reader, true),
);

/** Acknowledges only. A renewal must say that it is one. */
export const shareAcknowledge = createAPI<
  [group: string, member: string, epoch: number, topic: ShareTopic, renewal: boolean],
  Shared
>(
  79,
  2,
  (group: string, member: string, epoch: number, topic: ShareTopic, renewal: boolean) =>
    appendTopics(
      Writer.create()
        .appendString(group)
        .appendString(member)
        .appendInt32(epoch)
        .appendBoolean(renewal),
      topic,
    ).appendTaggedFields(),
  (_correlation, key, version, reader) => readShared(key, version, reader, false),
);

/** Where a group is in partition 0 of one topic. */
export interface ShareOffset {
  /** First offset that is not done with; -1 while the group never looked at the topic. */
  start: bigint;
  /** Records not done with; -1 when unknown. */
  lag: bigint;
}

export const describeShareOffsets = createAPI<[group: string, topic: string], ShareOffset>(
  90,
  1,
  (group: string, topic: string) =>
    Writer.create()
      .appendArray([group], (w, name) => {
        w.appendString(name).appendArray([topic], (v, one) => {
          v.appendString(one).appendArray([0], (u, index) => u.appendInt32(index), true, false);
        });
      })
      .appendTaggedFields(),
  (_correlation, _key, _version, reader) => {
    const found: ShareOffset = { start: -1n, lag: -1n };
    reader.readInt32();
    reader.readArray((r) => {
      r.readString();
      r.readArray((t) => {
        t.readString();
        t.readUUID();
        t.readArray((p) => {
          p.readInt32();
          const start = p.readInt64();
          p.readInt32();
          const lag = p.readInt64();
          if (p.readInt16() === 0) Object.assign(found, { start, lag });
          p.readNullableString();
        });
      });
      // A group that nobody joined yet is an error here, and no fault.
      r.readInt16();
      r.readNullableString();
    });
    return found;
  },
);

function appendTopics(writer: Writer, { topicId, acks }: ShareTopic): Writer {
  return writer.appendArray([topicId], (w, id) => {
    w.appendUUID(id).appendArray([0], (v, index) => {
      v.appendInt32(index).appendArray(acks as AckBatch[], (u, { first, last, type }) => {
        u.appendInt64(first)
          .appendInt64(last)
          .appendArray([type], (s, one) => s.appendInt8(one), true, false);
      });
    });
  });
}

/** The answers to both differ in what a partition says: only a fetch has records. */
function readShared(key: number, version: number, reader: Reader, fetched: boolean): Shared {
  reader.readInt32();
  const error = reader.readInt16();
  const message = reader.readNullableString();
  const lockMs = reader.readInt32();
  const shared: Shared = { error, ackError: 0, lockMs, batches: [], acquired: [] };
  if (error !== 0) throw new ResponseError(key, version, { '': [error, message] }, shared);
  reader.readArray((r) => {
    r.readUUID();
    r.readArray((p) => {
      p.readInt32();
      const code = p.readInt16();
      p.readNullableString();
      if (fetched) {
        shared.error ||= code;
        shared.ackError ||= p.readInt16();
        p.readNullableString();
      } else {
        shared.ackError ||= code;
      }
      p.skip(8).readTaggedFields();
      if (fetched) readRecords(p, shared);
    });
  });
  return shared;
}

function readRecords(reader: Reader, shared: Shared): void {
  const size = reader.readUnsignedVarInt() - 1;
  if (size > 0) {
    const { buffer, position } = reader;
    shared.batches.push(
      ...readRecordsBatches(Reader.from(buffer.subarray(position, position + size))),
    );
    reader.skip(size);
  }
  const acquired = reader.readArray((r) => ({
    first: r.readInt64(),
    last: r.readInt64(),
    deliveries: r.readInt16(),
  }));
  shared.acquired.push(...acquired);
}
