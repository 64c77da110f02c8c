/**
 * Lets a queue's calls go before its jobs. Both are fetched apart, and with little room a fetch
 * brings one of either: the jobs' waits for its turn while calls keep coming.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** As in `remote-consumer.ts`: so many calls go for each job. */
const callsPerJob = 7;
/** No call for so long: none waits. */
const quietMs = 20;
/** So long the first fetch may take. */
const beginMs = 50;
const pollMs = 3;

export class Pace {
  #calls = 0;
  #busyUntil = 0;

  /** Calls are about to be taken. */
  begin(): void {
    this.#busyUntil = Infinity;
  }

  begun(): void {
    this.#busyUntil = Date.now() + beginMs;
  }

  /** A call was taken. */
  tick(): void {
    this.#calls++;
    this.#busyUntil = Date.now() + quietMs;
  }

  end(): void {
    this.#busyUntil = 0;
  }

  /** Resolves when a job may be fetched. */
  async turn(): Promise<void> {
    const from = this.#calls;
    while (Date.now() < this.#busyUntil && this.#calls - from < callsPerJob) await sleep(pollMs);
  }
}
