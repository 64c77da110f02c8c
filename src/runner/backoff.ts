import { FuncatronError } from '../errors.ts';

/** Pause before the next start after the first failure; doubles up to the longest. */
const pauseMs = { first: 100, longest: 30_000 } as const;

/** Slows down the starts of a bundle whose workers do not come up, and says why they do not. */
export class Backoff {
  #failures = 0;
  #until = 0;
  #last: FuncatronError | undefined;

  /** Counts a failed start; returns it as the error callers get. */
  failed(thrown: unknown, now: number): FuncatronError {
    this.#failures++;
    this.#until = now + Math.min(pauseMs.first * 2 ** (this.#failures - 1), pauseMs.longest);
    this.#last =
      thrown instanceof FuncatronError
        ? thrown
        : new FuncatronError('worker_start_failed', String(thrown), { cause: thrown });
    return this.#last;
  }

  /** A worker lived: the next failure is a first one again. */
  recovered(): void {
    this.#failures = 0;
  }

  mayStart(now: number): boolean {
    return now >= this.#until;
  }

  /** What to tell a caller while no start is tried. */
  refusal(now: number): FuncatronError {
    if (this.#last && this.#last.code !== 'worker_start_failed') return this.#last;
    const why = this.#last?.message ?? 'no worker could be started';
    const seconds = Math.max(1, Math.ceil((this.#until - now) / 1000));
    return new FuncatronError('worker_start_failed', `${why}; the next try is in ${seconds} s`, {
      headers: { 'retry-after': String(seconds) },
    });
  }
}
