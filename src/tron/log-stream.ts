/** Log lines that go on as they come, for whoever follows them. */
import { Readable } from 'node:stream';
import { FuncatronError } from '../errors.ts';
import type { Follower, LogFilter, LogLine, LogRing } from './log-ring.ts';

/** Whoever follows holds a connection. */
const followersMax = 100;
/** Lines held for a follower that reads too slowly; what is over is left out, and says so. */
const heldMax = 10_000;

/** The text of a line, its line end included; empty where it is left out. */
export type ShowLine = (line: LogLine) => string;

/** The past lines, then those to come until the client goes away. */
export class LogStream extends Readable implements Follower {
  readonly #held: string[];
  readonly #show: ShowLine;
  readonly #unfollow: () => void;
  #wanted = false;
  #dropped = 0;

  /** `past` as they are shown. Throws `too_busy`. */
  static open(ring: LogRing, filter: LogFilter, past: string[], show: ShowLine): LogStream {
    if (ring.followers < followersMax) return new LogStream(ring, filter, past, show);
    const detail = `${followersMax} programs follow the logs already; end one of them`;
    throw new FuncatronError('too_busy', detail);
  }

  private constructor(ring: LogRing, filter: LogFilter, past: string[], show: ShowLine) {
    super();
    this.#held = past;
    this.#show = show;
    this.#unfollow = ring.follow(filter, this);
  }

  override _read(): void {
    this.#wanted = true;
    this.#flush();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#unfollow();
    done(error);
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
    this.#flush();
  }

  end(): void {
    this.push(this.#held.splice(0).join(''));
    this.push(null);
  }

  #flush(): void {
    if (!this.#wanted || this.#held.length === 0) return;
    this.#wanted = false;
    this.push(this.#held.splice(0).join(''));
  }
}
