/** Where topics begin and end, and how far their groups are. */
import { listOffsetsV9, offsetForLeaderEpochV4 } from '@platformatic/kafka';
import type { KafkaLink, TopicPlace } from './link.ts';
import { describeShareOffsets } from './share.ts';
import type { ShareOffset } from './share.ts';

/** What is asked for in place of a time. */
const [earliest, latest, newest] = [-2n, -1n, -3n] as const;

export class KafkaOffsets {
  readonly #link: KafkaLink;

  constructor(link: KafkaLink) {
    this.#link = link;
  }

  async first(place: TopicPlace): Promise<bigint> {
    return (await this.#at(place, earliest)).offset;
  }

  /** The offset of the next record of a partition. */
  async end(place: TopicPlace, partition = 0): Promise<bigint> {
    return (await this.#at(place, latest, partition)).offset;
  }

  /** The latest time of a record, in milliseconds since 1970; -1 when there is none. */
  async newestTime(place: TopicPlace): Promise<number> {
    return Number((await this.#at(place, newest)).timestamp);
  }

  /** Where a topic ended when its leader's term did. */
  async endOfTerm({ name, leaders }: TopicPlace, term: number): Promise<bigint> {
    const connection = await this.#link.to(leaders[0]!.node, 'ask');
    const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, leaderEpoch: term }];
    const answer = await this.#link.patiently(() =>
      offsetForLeaderEpochV4.api.async(connection, -1, [{ name, partitions }]),
    );
    return answer.topics[0]!.partitions[0]!.endOffset;
  }

  /** Where the share group of a topic's name is in it. */
  async shared(name: string): Promise<ShareOffset> {
    return this.#link.askCoordinator(name, (connection) =>
      describeShareOffsets.async(connection, name, name),
    );
  }

  async #at(
    place: TopicPlace,
    timestamp: bigint,
    partitionIndex = 0,
  ): Promise<{ offset: bigint; timestamp: bigint }> {
    const connection = await this.#link.to(place.leaders[partitionIndex]!.node, 'ask');
    const partitions = [{ partitionIndex, currentLeaderEpoch: -1, timestamp }];
    const topics = [{ name: place.name, partitions }];
    const answer = await this.#link.patiently(() =>
      listOffsetsV9.api.async(connection, -1, 0, topics),
    );
    return answer.topics[0]!.partitions[0]!;
  }
}
