/** What became of the calls that ended between one fault and the next. */

export type Outcome =
  /** An answer, whatever it says. */
  | { kind: 'answer'; status: number; bytes: Buffer }
  /** The connection broke before there was an answer. */
  | { kind: 'broken' }
  /** The connection broke in the middle of an answer. */
  | { kind: 'brokeOff' }
  | { kind: 'hung' };

/** No call takes half as long where all is well. */
const slowMs = 1_000;

export class Phase {
  readonly name: string;
  readonly beganAt = performance.now();
  answered = 0;
  /** How many, by component and code. */
  readonly failed = new Map<string, number>();
  broken = 0;
  brokeOff = 0;
  hung = 0;
  /** Failures that say neither what nor who. */
  readonly unclear: string[] = [];
  /** Answers that are not what was asked for, and requests that did not arrive as they were sent. */
  readonly damaged: string[] = [];
  /** Ran more than once, which they may not. */
  readonly twice: string[] = [];
  /** Accepted, and never run. */
  readonly lost: string[] = [];
  /** Each of them: how long after the begin, which call, what became of it. */
  readonly failings: string[] = [];
  lastFailureAt = 0;
  /** Answered, but only after `slowMs`. */
  slow = 0;
  lastSlowAt = 0;

  constructor(name: string) {
    this.name = name;
  }

  get sent(): number {
    const { answered, broken, brokeOff, hung, unclear } = this;
    return answered + this.failures + broken + brokeOff + hung + unclear.length;
  }

  get failures(): number {
    return [...this.failed.values()].reduce((sum, count) => sum + count, 0);
  }

  /** When a call failed last, or was slow. */
  get lastUnwellAt(): number {
    return Math.max(this.lastFailureAt, this.lastSlowAt);
  }

  get recoveredMs(): number {
    return Math.max(0, this.lastUnwellAt - this.beganAt);
  }

  /** `isRight`: whether the bytes of a good answer are those that were asked for. */
  count(id: string, outcome: Outcome, tookMs: number, isRight: (bytes: Buffer) => boolean): void {
    if (outcome.kind === 'answer' && outcome.status < 300) {
      this.answered++;
      if (tookMs > slowMs) {
        this.slow++;
        this.lastSlowAt = performance.now();
      }
      if (!isRight(outcome.bytes)) this.damaged.push(`${id}: ${outcome.bytes.length} bytes`);
      return;
    }
    this.lastFailureAt = performance.now();
    const what = outcome.kind === 'answer' ? outcome.bytes.toString() : outcome.kind;
    this.failings.push(`${(this.recoveredMs / 1000).toFixed(2)} s ${id} ${what}`);
    if (outcome.kind !== 'answer') this[outcome.kind]++;
    else this.#fail(outcome.status, outcome.bytes.toString());
  }

  #fail(status: number, text: string): void {
    try {
      const { component, code } = JSON.parse(text) as { component: string; code: string };
      if (!component || !code) throw new Error('no problem');
      const key = `${component} ${code}`;
      this.failed.set(key, (this.failed.get(key) ?? 0) + 1);
    } catch {
      this.unclear.push(`${status} ${text.slice(0, 200)}`);
    }
  }
}
