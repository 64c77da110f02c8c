/** Which StatsD server gets the counts of all nodes and Trons: kept in the store, and told to all. */
import { StatsDSender } from '../observe/statsd.ts';
import type { Log } from '../log.ts';
import type { StatsDServer } from '../message.ts';
import type { Metrics } from '../metrics.ts';
import type { Store } from '../store/store.ts';

export class StatsD {
  readonly #store: Store;
  readonly #sender: StatsDSender;
  readonly #tell: (server: StatsDServer | null) => Promise<void>;

  /** `tell` says it to the others. */
  constructor(
    store: Store,
    metrics: Metrics,
    log: Log,
    tell: (server: StatsDServer | null) => Promise<void>,
  ) {
    this.#store = store;
    this.#sender = new StatsDSender(metrics, log);
    this.#tell = tell;
  }

  get server(): StatsDServer | undefined {
    return this.#sender.server;
  }

  /** Goes on with what was set before. */
  async start(): Promise<void> {
    this.follow((await this.#store.setting('statsd')) as StatsDServer | null | undefined);
  }

  /** Sends to a server from now on, after a restart too; undefined: to none. */
  async set(server: StatsDServer | undefined): Promise<void> {
    await this.#store.commit([{ put: 'setting', name: 'statsd', value: server ?? null }]);
    this.follow(server);
    await this.#tell(server ?? null);
  }

  /** Another Tron has set it. */
  follow(server: StatsDServer | null | undefined): void {
    this.#sender.follow(server ?? undefined);
  }

  close(): void {
    this.#sender.close();
  }
}
