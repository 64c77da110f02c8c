/** The newest log lines of all Funcs on all runners, and whoever follows them. */
import { FuncatronError } from '../errors.ts';

export interface LogLine {
  /** Milliseconds since 1970. */
  at: number;
  level: string;
  bundle: string;
  /** Hex SHA-256 of the bundle. */
  sha: string;
  requestId?: string;
  text: string;
  fields?: Record<string, unknown>;
}

export interface LogFilter {
  /** Name of a bundle, or its SHA in hex or the beginning of it. */
  bundle?: string;
  requestId?: string;
  /** Least severe level. */
  level?: string;
}

export interface Follower {
  hear(line: LogLine): void;
  /** There will be no more. */
  end(): void;
}

const logLevels = ['debug', 'info', 'warn', 'error'] as const;

/** Whoever follows holds a connection. */
const followersMax = 100;
/** Longer text is cut: a line that got past a runner's own bound costs no more here. */
const textLengthMax = 64 * 1024;

export class LogRing {
  readonly #linesMax: number;
  readonly #followers = new Map<Follower, LogFilter>();
  #lines: LogLine[] = [];

  constructor(linesMax: number) {
    this.#linesMax = linesMax;
  }

  /** Takes in what a control message carries; what is no log line is left out. */
  add(lines: unknown): void {
    if (!Array.isArray(lines)) return;
    const sound = lines.filter(isLogLine).map(cut);
    for (const [follower, filter] of this.#followers)
      for (const line of sound) if (fits(line, filter)) follower.hear(line);
    this.#lines.push(...sound);
    // Cut now and then, not at every line: an array is moved as a whole.
    if (this.#lines.length >= 2 * this.#linesMax) this.#lines = this.#lines.slice(-this.#linesMax);
  }

  /** The last `tail` lines that fit, oldest first. */
  read(filter: LogFilter, tail: number): LogLine[] {
    const kept = this.#lines.slice(-this.#linesMax);
    return tail === 0 ? [] : kept.filter((line) => fits(line, filter)).slice(-tail);
  }

  /**
   * Gives a follower every line to come that fits, until the function returned is called. Throws
   * `too_busy`.
   */
  follow(filter: LogFilter, follower: Follower): () => void {
    if (this.#followers.size >= followersMax) {
      const detail = `${followersMax} programs follow the logs already; end one of them`;
      throw new FuncatronError('too_busy', detail);
    }
    this.#followers.set(follower, filter);
    return () => this.#followers.delete(follower);
  }

  close(): void {
    for (const follower of this.#followers.keys()) follower.end();
  }
}

function isLogLine(line: unknown): line is LogLine {
  const { at, level, bundle, sha, text } = (line ?? {}) as Partial<LogLine>;
  return (
    typeof at === 'number' && [level, bundle, sha, text].every((value) => typeof value === 'string')
  );
}

function cut(line: LogLine): LogLine {
  if (line.text.length <= textLengthMax) return line;
  const left = line.text.length - textLengthMax;
  return { ...line, text: `${line.text.slice(0, textLengthMax)}… (${left} characters left out)` };
}

function fits(line: LogLine, { bundle, requestId, level }: LogFilter): boolean {
  if (requestId !== undefined && line.requestId !== requestId) return false;
  if (level !== undefined && rank(line.level) < rank(level)) return false;
  return bundle === undefined || line.bundle === bundle || startsSha(line.sha, bundle);
}

function startsSha(sha: string, beginning: string): boolean {
  return beginning.length >= 8 && sha.startsWith(beginning.toLowerCase());
}

function rank(level: string): number {
  return logLevels.indexOf(level as (typeof logLevels)[number]);
}
