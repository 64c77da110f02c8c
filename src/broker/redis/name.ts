/**
 * Names in a Redis server, all below the namespace. Keys: `call:QUEUE` and `job:QUEUE`, streams with
 * the consumer group `takers`; `delayed:QUEUE`, the sorted set of jobs that wait for their time;
 * `large:ID`, a reply to be fetched. Channels: `topic:TOPIC`, `inbox:PROCESS`, `inbox:PROCESS:large`.
 */
export const group = 'takers';

export interface JobKeys {
  delayed: string;
  stream: string;
}

export class Names {
  readonly large: string;
  readonly inbox: string;
  readonly #keys: string;
  readonly #channels: string;

  /** Channels, unlike keys, are the same in every database of a server. */
  constructor(namespace: string, process: string, database: number) {
    this.#keys = `${namespace}:`;
    this.#channels = database === 0 ? this.#keys : `${namespace}@${database}:`;
    this.large = `${this.#keys}large:`;
    this.inbox = `${this.#channels}inbox:${process}`;
  }

  calls(queue: string): string {
    return `${this.#keys}call:${queue}`;
  }

  jobs(queue: string): JobKeys {
    const keys = this.#keys;
    return { delayed: `${keys}delayed:${queue}`, stream: `${keys}job:${queue}` };
  }

  topic(topic: string): string {
    return `${this.#channels}topic:${topic}`;
  }
}
