/**
 * The topics a namespace has, made when first used and removed when nothing is in them.
 *
 * Each has one partition, and a share group of the same name: so any number of takers share its
 * records one by one, which partitions would divide among them in advance. Only `post`, what is
 * read by everybody at once, has more partitions and no group's offsets.
 */
import {
  createAPI,
  createRecordsBatch,
  createTopicsV7,
  deleteGroupsV2,
  deleteRecordsV2,
  deleteTopicsV6,
  incrementalAlterConfigsV1,
  produceV11,
  Writer,
} from '@platformatic/kafka';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, codes } from './link.ts';
import type { KafkaLink, TopicPlace } from './link.ts';
import { KafkaOffsets } from './offset.ts';

/** Largest message, without what Kafka puts around it. */
export const bytesMax = 16 * 2 ** 20;
const aroundBytes = 64 * 1024;
const timeoutMs = 10_000;
/** A topic that was made just now has no leader yet. */
const madeMs = 10_000;
const pollMs = 10;
/** A topic that refuses everything for so long was left so by who wanted to remove it. */
const fencedMs = 1000;

const [topicResource, groupResource] = [2, 32];
const set = 0;

/** `wait-*` hold jobs until they are due, apart by how long that is. */
export type TopicKind = 'call' | 'job' | 'wait-s' | 'wait-m' | 'wait-l' | 'post';

const [minute, hour] = [60_000, 3_600_000];
/** How long what is done with, or was never taken, lies about; jobs are removed once done. */
const retention: Record<TopicKind, number> = {
  call: minute,
  post: 5 * minute,
  job: -1,
  'wait-s': -1,
  'wait-m': -1,
  'wait-l': -1,
};

/** One of the brokers may be away, and no message is on one alone. */
const safe = { 'min.insync.replicas': 2 };

/** Partitions of `post`: the first is for broadcasts, each other one an inbox of some processes. */
export const postPartitions = 8;

export class KafkaTopics {
  readonly #link: KafkaLink;
  readonly #namespace: string;
  readonly #offsets: KafkaOffsets;
  readonly #making = new Map<string, Promise<TopicPlace>>();

  constructor(link: KafkaLink, namespace: string) {
    this.#link = link;
    this.#namespace = namespace;
    this.#offsets = new KafkaOffsets(link);
  }

  /** Names may have any character; those of Kafka's topics may not. */
  name(kind: TopicKind, queue = ''): string {
    const safe = queue.replaceAll(/[^a-zA-Z0-9.-]/g, (one) => `_${one.codePointAt(0)}_`);
    return [this.#namespace, kind, safe].filter(Boolean).join('.');
  }

  /** Where a topic is; makes it when there is none. */
  async ensure(kind: TopicKind, name: string): Promise<TopicPlace> {
    const known = this.#link.known(name);
    if (known) return known;
    let making = this.#making.get(name);
    if (!making) {
      making = this.#ensure(kind, name).finally(() => this.#making.delete(name));
      this.#making.set(name, making);
    }
    return making;
  }

  /** Records that are not done with. */
  async count(name: string): Promise<number> {
    const [place] = await this.#link.find(name);
    if (!place) return 0;
    const { start, lag } = await this.#offsets.shared(name);
    if (start >= 0n && lag >= 0n) return Number(lag);
    const [first, last] = await Promise.all([this.#offsets.first(place), this.#offsets.end(place)]);
    return Number(last - (start > first ? start : first));
  }

  /** Frees the disk of what is done with. */
  async trim(name: string): Promise<void> {
    const [place] = await this.#link.find(name);
    if (!place) return;
    const { start } = await this.#offsets.shared(name);
    if (start > 0n) await this.#deleteBefore(place, start);
  }

  /**
   * Removes a topic that holds nothing and that nobody takes from. Nothing gets lost: before it is
   * looked at for the last time it refuses all records, and whoever sends one makes it anew.
   */
  async remove(name: string): Promise<void> {
    const [place] = await this.#link.find(name);
    if (!place || !(await this.#isEmpty(place))) return;
    await this.#setBytesMax(name, 0);
    try {
      if (!(await this.#refuses(place)) || !(await this.#isEmpty(place))) return;
      // Its share group knows what is done with; whoever comes next must not find that again.
      await this.#deleteBefore(place, await this.#offsets.end(place));
      if (!(await this.removeGroup(name))) return;
      await deleteTopicsV6.api.async(await this.#link.any(), [{ name }], timeoutMs);
    } finally {
      const [left] = await this.#link.find(name);
      if (left) await this.allowAgain(name);
    }
  }

  /** Lets a topic take records again that somebody wanted to remove and did not. */
  async allowAgain(name: string): Promise<void> {
    await this.#setBytesMax(name, bytesMax + aroundBytes).catch((thrown: unknown) => {
      if (codeOf(thrown) !== codes.unknownTopic) throw thrown;
    });
  }

  /** False when the group has members. */
  async removeGroup(name: string): Promise<boolean> {
    try {
      await this.#link.askCoordinator(name, (connection) =>
        deleteGroupsV2.api.async(connection, [name]),
      );
    } catch (thrown) {
      if (codeOf(thrown) === 0) throw thrown;
      return codeOf(thrown) === codes.groupUnknown;
    }
    return true;
  }

  async removePost(): Promise<void> {
    const name = this.name('post');
    if (!(await this.removeGroup(name))) return;
    await deleteTopicsV6.api.async(await this.#link.any(), [{ name }], timeoutMs);
  }

  async #ensure(kind: TopicKind, name: string): Promise<TopicPlace> {
    const end = Date.now() + madeMs;
    for (let isMade = false; ; isMade = true) {
      const [place] = await this.#link.find(name);
      if (place) return place;
      if (Date.now() > end) throw this.#link.unavailable(new Error(`nobody leads topic ${name}`));
      if (isMade) await sleep(pollMs);
      else await this.#make(kind, name);
    }
  }

  async #make(kind: TopicKind, name: string): Promise<void> {
    const isPost = kind === 'post';
    const settings = {
      'cleanup.policy': 'delete',
      'max.message.bytes': bytesMax + aroundBytes,
      // A call's time is when it ends, a waiting job's when it is due.
      'message.timestamp.type': 'CreateTime',
      'message.timestamp.after.max.ms': 2n ** 63n - 1n,
      'retention.ms': retention[kind],
      'retention.bytes': -1,
      'segment.ms': retention[kind] === -1 ? hour : retention[kind],
    };
    const { replicas } = this.#link.place;
    const configs = Object.entries({ ...settings, ...(replicas > 2 && safe) }).map(
      ([key, value]) => ({
        name: key,
        value: String(value),
      }),
    );
    const topic = {
      name,
      numPartitions: isPost ? postPartitions : 1,
      replicationFactor: replicas,
      assignments: [],
      configs,
    };
    const connection = await this.#link.any();
    if (!isPost) await this.#setUpGroup(name);
    try {
      await createTopicsV7.api.async(connection, [topic], timeoutMs, false);
    } catch (thrown) {
      if (codeOf(thrown) !== codes.topicExists) throw this.#link.unavailable(thrown);
    }
  }

  /** A group takes what was there before it, and gives up on nothing too soon. */
  async #setUpGroup(name: string): Promise<void> {
    const needed = { 'share.auto.offset.reset': 'earliest' };
    // A host that is cut off holds up its queue no longer than this, the least Kafka allows.
    const quick = { 'share.record.lock.duration.ms': '15000' };
    // Of later versions of Kafka: takers get to work at once, and lost ones are borne longer.
    const later = { 'share.assignment.interval.ms': '0', 'share.delivery.count.limit': '10' };
    for (const wished of [{ ...quick, ...later }, quick])
      try {
        return await this.#alter(groupResource!, name, { ...needed, ...wished });
      } catch (thrown) {
        if (codeOf(thrown) === 0) throw thrown;
      }
    await this.#alter(groupResource!, name, needed);
  }

  async #setBytesMax(name: string, bytes: number): Promise<void> {
    await this.#alter(topicResource!, name, { 'max.message.bytes': String(bytes) });
  }

  async #alter(resourceType: number, resourceName: string, changes: Record<string, string>) {
    const configs = Object.entries(changes).map(([name, value]) => ({
      ...{ name, value },
      configOperation: set as 0,
    }));
    const resource = { resourceType: resourceType as 2, resourceName, configs };
    await incrementalAlterConfigsV1.api.async(await this.#link.any(), [resource], false);
  }

  async #isEmpty(place: TopicPlace): Promise<boolean> {
    if ((await this.count(place.name)) === 0) return true;
    if (!place.name.startsWith(`${this.#namespace}.call.`)) return false;
    // A call's time is its end: when the last one is over, so are all.
    return (await this.#offsets.newestTime(place)) < Date.now();
  }

  /** Whether a topic's leader has heard by now that it takes no records; asks with a broken one. */
  async #refuses({ name, leaders }: TopicPlace): Promise<boolean> {
    const connection = await this.#link.to(leaders[0]!.node, 'ask');
    for (const end = Date.now() + fencedMs; Date.now() < end; await sleep(pollMs)) {
      const code = await produceBroken.async(connection, name).then(() => 0, codeOf);
      if (code === codes.tooLarge) return true;
    }
    return false;
  }

  async #deleteBefore({ name, leaders }: TopicPlace, offset: bigint): Promise<void> {
    const connection = await this.#link.to(leaders[0]!.node, 'ask');
    const topics = [{ name, partitions: [{ partitionIndex: 0, offset }] }];
    await deleteRecordsV2.api.async(connection, topics, timeoutMs);
  }
}

/** Sends a record whose checksum is wrong: no topic keeps it, and one too small says so first. */
const produceBroken = createAPI<[topic: string], unknown>(
  produceV11.api.key,
  produceV11.api.version,
  (topic: string) => {
    const batch = Buffer.from(createRecordsBatch([{ topic, value: Buffer.alloc(1) }]).buffer);
    const checksumAt = 17;
    batch.writeUInt32BE((batch.readUInt32BE(checksumAt) ^ 1) >>> 0, checksumAt);
    return Writer.create()
      .appendString(null)
      .appendInt16(1)
      .appendInt32(timeoutMs)
      .appendArray([topic], (w, name) => {
        w.appendString(name).appendArray([0], (v, index) => {
          v.appendInt32(index)
            .appendUnsignedVarInt(batch.length + 1)
            .append(batch);
        });
      })
      .appendTaggedFields();
  },
  produceV11.parseResponse,
);
