/** Log lines of Funcs as they were and, when asked, as they come. */
import { Readable } from 'node:stream';
import { FuncatronError } from '../errors.ts';
import type { Answer } from './answer.ts';
import type { ApiCall, Endpoints } from './endpoint.ts';
import type { Follower, LogFilter, LogLine, LogRing } from './log-ring.ts';

/** Whoever follows holds a connection. */
const followersMax = 100;
/** Lines held for a follower that reads too slowly; what is over is left out, and says so. */
const heldMax = 10_000;

interface Query extends LogFilter {
  tail: number;
  follow: number;
}

export function logEndpoints(ring: LogRing): Endpoints {
  return { logs: { run: (call) => logs(ring, call) } };
}

function logs(ring: LogRing, { params, request }: ApiCall): Answer {
  const { tail, follow, ...filter } = params.query as unknown as Query;
  const headers = { 'content-type': 'application/x-ndjson' };
  const past = ring.read(filter, tail).map(toJson);
  if (follow !== 1) return { status: 200, headers, body: past.join('') };
  if (ring.followers >= followersMax) {
    const detail = `${followersMax} programs follow the logs already; end one of them`;
    throw new FuncatronError('too_busy', detail);
  }
  // A quiet log is no reason to cut the connection.
  request.socket.setTimeout(0);
  return { status: 200, headers, body: new LogStream(ring, filter, past) };
}

/** The past lines, then those to come until the client goes away. */
class LogStream extends Readable implements Follower {
  readonly #held: string[];
  readonly #unfollow: () => void;
  #wanted = false;
  #dropped = 0;

  constructor(ring: LogRing, filter: LogFilter, past: string[]) {
    super();
    this.#held = past;
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
      this.#held.push(toJson({ ...line, level: 'warn', text }));
      this.#dropped = 0;
    }
    this.#held.push(toJson(line));
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

function toJson(line: LogLine): string {
  return `${JSON.stringify(line)}\n`;
}
