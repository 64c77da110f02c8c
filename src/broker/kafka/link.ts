/** Connections to the brokers of a Kafka cluster, and what they tell of topics and groups. */
import {
  apiVersionsV4,
  Connection,
  findCoordinatorV6,
  GenericError,
  MultipleErrors,
  metadataV12,
} from '@platformatic/kafka';
import { setTimeout as sleep } from 'node:timers/promises';
import { FuncatronError } from '../../errors.ts';
import { shareFetch } from './share.ts';
import type { Address, KafkaPlace } from './url.ts';

const connectMs = 5000;
/** A broker that is gone without a word is noticed after so long. */
const requestMs = 15_000;
const client = 'funcatron';
const groupKey = 0;

/** Codes of Kafka's answers that we act on. */
export const codes = {
  offsetOutOfRange: 1,
  unknownTopic: 3,
  leaderUnavailable: 5,
  notLeader: 6,
  tooLarge: 10,
  coordinatorLoads: 14,
  coordinatorUnavailable: 15,
  notCoordinator: 16,
  unknownMember: 25,
  topicExists: 36,
  groupUnknown: 69,
  unknownTopicId: 100,
  fencedMember: 110,
} as const;

/** What passes by itself: something was made, moved or started just now. */
const passing = new Set<number>([
  ...[codes.unknownTopic, codes.leaderUnavailable, codes.notLeader, codes.unknownTopicId],
  ...[codes.coordinatorLoads, codes.coordinatorUnavailable, codes.notCoordinator],
]);
const passingMs = 10_000;
const againMs = 20;

/** Where the one partition of a topic is, or each of several. */
export interface TopicPlace {
  name: string;
  id: string;
  /** Leading broker and its term, by partition. */
  leaders: { node: number; epoch: number }[];
}

export class KafkaLink {
  readonly place: KafkaPlace;
  readonly #nodes = new Map<number, Address>();
  readonly #topics = new Map<string, TopicPlace>();
  readonly #coordinators = new Map<string, number>();
  readonly #connections = new Map<string, Promise<Connection>>();
  readonly #open = new Set<Connection>();
  #isClosed = false;

  constructor(place: KafkaPlace) {
    this.place = place;
  }

  /** Rejects with `broker_unavailable` when the cluster cannot be reached or is too old. */
  async check(): Promise<void> {
    const connection = await this.any();
    const { apiKeys, finalizedFeatures } = await apiVersionsV4.api
      .async(connection, client, '1')
      .catch((thrown: unknown) => {
        throw this.unavailable(thrown);
      });
    const fetch = apiKeys.find(({ apiKey }) => apiKey === shareFetch.key);
    const feature = finalizedFeatures?.find(({ name }) => name === 'share.version');
    if (fetch && fetch.maxVersion >= shareFetch.version && feature?.maxVersionLevel) return;
    const detail = `Kafka at ${this.place.shown} has no share groups; Funcatron needs Kafka 4.2 or later, with share.version 1`;
    throw new FuncatronError('broker_unavailable', detail);
  }

  /** What is known of a topic without asking. */
  known(name: string): TopicPlace | undefined {
    return this.#topics.get(name);
  }

  forget(name: string): void {
    this.#topics.delete(name);
    this.#coordinators.delete(name);
  }

  /** Asks for topics; those that there are not, or that nobody leads now, are left out. */
  async find(...names: string[]): Promise<TopicPlace[]> {
    const connection = await this.any();
    // One answer also tells of topics that are not there, as errors of theirs.
    const answer = await metadataV12.api.async(connection, names, false, false).catch(wholeOf);
    for (const { nodeId, host, port } of answer.brokers) this.#nodes.set(nodeId, { host, port });
    const places: TopicPlace[] = [];
    for (const { name, topicId: id, errorCode, partitions } of answer.topics) {
      if (errorCode !== 0 || name == null) continue;
      if (partitions.some(({ leaderId }) => leaderId < 0)) continue;
      const leaders = partitions
        .toSorted((a, b) => a.partitionIndex - b.partitionIndex)
        .map(({ leaderId: node, leaderEpoch: epoch }) => ({ node, epoch }));
      const place = { name, id, leaders };
      this.#topics.set(name, place);
      places.push(place);
    }
    return places;
  }

  /** Asks the broker that keeps a group, which may be another one by now. */
  async askCoordinator<Answer>(
    group: string,
    ask: (connection: Connection) => Promise<Answer>,
  ): Promise<Answer> {
    return this.patiently(async () => {
      const node = await this.#coordinator(group);
      try {
        return await ask(await this.to(node, 'group'));
      } catch (thrown) {
        this.#coordinators.delete(group);
        throw thrown;
      }
    });
  }

  async #coordinator(group: string): Promise<number> {
    const known = this.#coordinators.get(group);
    if (known !== undefined) return known;
    const answer = await findCoordinatorV6.api.async(await this.any(), groupKey, [group]);
    const { nodeId, host, port } = answer.coordinators[0]!;
    this.#nodes.set(nodeId, { host, port });
    this.#coordinators.set(group, nodeId);
    return nodeId;
  }

  /** A connection to a broker, shared by all that have the same purpose. */
  to(node: number, purpose: string): Promise<Connection> {
    const key = `${node}/${purpose}`;
    let connecting = this.#connections.get(key);
    if (!connecting) {
      const gone = (): void => void this.#connections.delete(key);
      connecting = this.own(node, gone);
      this.#connections.set(key, connecting);
      connecting.catch(gone);
    }
    return connecting;
  }

  /** One of its caller's own, who closes it. */
  async own(node: number, onGone: () => void = () => undefined): Promise<Connection> {
    const address = this.#nodes.get(node);
    if (!address) throw this.unavailable(new Error(`no address of broker ${node} is known`));
    return this.#connect(address, onGone);
  }

  /** A connection to any broker, for what all of them answer. */
  async any(): Promise<Connection> {
    const key = 'any';
    let connecting = this.#connections.get(key);
    if (!connecting) {
      const gone = (): void => void this.#connections.delete(key);
      connecting = this.#first([...this.place.bootstrap, ...this.#nodes.values()], gone);
      this.#connections.set(key, connecting);
      connecting.catch(gone);
    }
    return connecting;
  }

  /** Does it again while the answer is one that passes by itself. */
  async patiently<Answer>(act: () => Promise<Answer>): Promise<Answer> {
    for (const end = Date.now() + passingMs; ; await sleep(againMs)) {
      try {
        return await act();
      } catch (thrown) {
        if (!passing.has(codeOf(thrown)) || Date.now() > end) throw thrown;
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#open].map((connection) => connection.close()));
  }

  unavailable(cause: unknown): FuncatronError {
    if (cause instanceof FuncatronError) return cause;
    const why = cause instanceof Error ? reasonOf(cause) : String(cause);
    const detail = `Kafka at ${this.place.shown} cannot be reached: ${why}`;
    return new FuncatronError('broker_unavailable', detail, { cause });
  }

  async #first(addresses: Address[], onGone: () => void): Promise<Connection> {
    let last: unknown;
    for (const address of addresses) {
      try {
        return await this.#connect(address, onGone);
      } catch (thrown) {
        last = thrown;
      }
    }
    throw last;
  }

  async #connect({ host, port }: Address, onGone: () => void): Promise<Connection> {
    const options = { connectTimeout: connectMs, requestTimeout: requestMs };
    const connection = new Connection(client, { ...options, ...this.place.connection });
    const gone = (): void => {
      this.#open.delete(connection);
      onGone();
    };
    connection.on('close', gone);
    connection.on('error', gone);
    if (this.#isClosed) throw this.unavailable(new Error('closed'));
    this.#open.add(connection);
    try {
      await connection.connect(host, port);
    } catch (thrown) {
      gone();
      connection.socket.destroy();
      throw this.unavailable(thrown instanceof Error ? (thrown.cause ?? thrown) : thrown);
    }
    return connection;
  }
}

/** The first code in what a request was refused with; 0 when it was not Kafka that refused. */
export function codeOf(thrown: unknown): number {
  if (!(thrown instanceof MultipleErrors)) return 0;
  const first: unknown = thrown.errors[0];
  return first instanceof GenericError ? Number(first.apiCode ?? 0) : 0;
}

/** What Kafka says against a request, rather than that it said something. */
function reasonOf(error: Error): string {
  const first: unknown = error instanceof MultipleErrors ? error.errors[0] : error;
  if (!(first instanceof Error)) return error.message;
  const { serverErrorMessage } = first as { serverErrorMessage?: string | null };
  return serverErrorMessage || first.message;
}

/** The answer that came with a refusal of a part of it. */
function wholeOf(thrown: unknown): Awaited<ReturnType<typeof metadataV12.api.async>> {
  if (thrown instanceof MultipleErrors && thrown.response) return thrown.response;
  throw thrown;
}
