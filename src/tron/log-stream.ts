/** Log lines that go on as they come, for whoever follows them. */
import { Inflow } from '../inflow.ts';
import type { Follower, LogFilter, LogLine, LogRing } from './log-ring.ts';

/** Lines held for a follower that reads too slowly; what is over is left out, and says so. */
const heldMax = 10_000;

/** The text of a line, its line end included; empty where it is left out. */
export type ShowLine = (line: LogLine) => string;

/** The past lines, as they are shown, then those to come until the reader leaves. Throws `too_busy`. */
export function followLog(
  ring: LogRing,
  filter: LogFilter,
  past: readonly string[],
  show: ShowLine,
): AsyncIterableIterator<Uint8Array, undefined> {
  return new LogFollower(ring, filter, past, show).body;
}

class LogFollower implements Follower {
  readonly body: Inflow;
  readonly #show: ShowLine;
  #held: string[];
  #isFull = false;
  #dropped = 0;

  constructor(ring: LogRing, filter: LogFilter, past: readonly string[], show: ShowLine) {
    const unfollow = ring.follow(filter, this);
    this.body = new Inflow({ onRoom: () => this.#flush(), onLeave: unfollow });
    this.#show = show;
    this.#held = [...past];
    this.#flush();
  }

  hear(line: LogLine): void {
    if (this.#held.length >= heldMax) {
      this.#dropped++;
      return;
    }
    if (this.#dropped > 0) {
      const text = `${this.#dropped} log lines left out: they came faster than they were read`;
      this.#held.push(this.#show({ ...line, level: 'warn', text }));
      this.#dropped = 0;
    }
    this.#held.push(this.#show(line));
    if (!this.#isFull) this.#flush();
  }

  end(): void {
    this.#flush();
    this.body.end();
  }

  #flush(): void {
    const text = this.#held.splice(0).join('');
    this.#isFull = text !== '' && !this.body.push(Buffer.from(text));
  }
}
