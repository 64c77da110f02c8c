/** A member of a share group: joins, says that it is there, and leaves. */
import type { Connection } from '@platformatic/kafka';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, codes } from './link.ts';
import type { KafkaLink } from './link.ts';
import { heartbeat } from './share.ts';

/** The coordinator of a group that is new may not know of its topic yet. */
const assignedMs = 10_000;
const pollMs = 10;
const leaves = -1;
/** Until the group's coordinator says otherwise. */
const presenceMs = 1000;

interface Membership {
  group: string;
  id: string;
  topicId: string;
  /** Its own, for fetches. */
  connection: Connection;
}

export class KafkaMember {
  readonly group: string;
  readonly id: string;
  readonly topicId: string;
  readonly connection: Connection;
  /** Counts the requests of its share session. */
  epoch = 0;
  readonly #link: KafkaLink;
  #memberEpoch = 0;
  #timer: NodeJS.Timeout | undefined;
  #failure: unknown;

  constructor(link: KafkaLink, { group, id, topicId, connection }: Membership) {
    this.#link = link;
    this.group = group;
    this.id = id;
    this.topicId = topicId;
    this.connection = connection;
  }

  /** Resolves when the topic is its own to take from. */
  async join(): Promise<void> {
    const end = Date.now() + assignedMs;
    for (let topics: string[] | null = [this.group]; ; topics = null) {
      const beat = await this.#beat(topics);
      if (beat.topicIds?.includes(this.topicId)) return this.#plan(beat.intervalMs);
      if (Date.now() > end) throw new Error(`group ${this.group} is assigned no topic`);
      await sleep(pollMs);
    }
  }

  /** Throws when it is no member any more, or not connected. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.connection.isConnected()) throw new Error('the connection is closed');
  }

  /** Never rejects: the broker finds out by itself too. */
  async leave(): Promise<void> {
    clearTimeout(this.#timer);
    this.#failure ??= new Error('left');
    const told = this.#tell(leaves, null).catch(() => undefined);
    await Promise.all([told, this.connection.close()]);
  }

  #plan(intervalMs: number): void {
    if (this.#failure !== undefined) return;
    this.#timer = setTimeout(() => void this.#again(intervalMs), intervalMs);
    this.#timer.unref();
  }

  async #again(intervalMs: number): Promise<void> {
    try {
      this.#plan((await this.#beat(null)).intervalMs);
    } catch (thrown) {
      const code = codeOf(thrown);
      if (code === codes.unknownMember || code === codes.fencedMember) this.#failure = thrown;
      else this.#plan(Math.min(intervalMs, 1000));
    }
  }

  async #beat(topics: string[] | null): ReturnType<typeof heartbeat.async> {
    const beat = await this.#tell(this.#memberEpoch, topics);
    this.#memberEpoch = beat.memberEpoch;
    return beat;
  }

  async #tell(epoch: number, topics: string[] | null): ReturnType<typeof heartbeat.async> {
    return this.#link.askCoordinator(this.group, (connection) =>
      heartbeat.async(connection, this.group, this.id, epoch, topics),
    );
  }
}

/**
 * Says that a process is there, for the last one to know that it is the last: a member of the group
 * of `post` that fetches nothing.
 */
export class KafkaPresence {
  readonly #link: KafkaLink;
  readonly #group: string;
  readonly #id: string;
  #timer: NodeJS.Timeout | undefined;
  #epoch = 0;

  constructor(link: KafkaLink, group: string, id: string) {
    this.#link = link;
    this.#group = group;
    this.#id = id;
  }

  async start(): Promise<void> {
    await this.#beat();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#epoch !== 0) await this.#tell(leaves, null).catch(() => undefined);
  }

  async #beat(): Promise<void> {
    let intervalMs = presenceMs;
    try {
      const topics = this.#epoch === 0 ? [this.#group] : null;
      const beat = await this.#tell(this.#epoch, topics);
      this.#epoch = beat.memberEpoch;
      intervalMs = beat.intervalMs;
    } catch (thrown) {
      const code = codeOf(thrown);
      if (code === codes.unknownMember || code === codes.fencedMember) this.#epoch = 0;
    }
    this.#timer = setTimeout(() => void this.#beat(), intervalMs);
    this.#timer.unref();
  }

  async #tell(epoch: number, topics: string[] | null): ReturnType<typeof heartbeat.async> {
    return this.#link.askCoordinator(this.#group, (connection) =>
      heartbeat.async(connection, this.#group, this.#id, epoch, topics),
    );
  }
}
