/** When a pool looks at what it has: often while there are calls, now and then without. */
const paceMs = { fast: 25, slow: 500 } as const;
/** Looks in a row that found no call, before it slows down. */
const quietMax = 40;

export class Pace {
  readonly #look: (now: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #pace: 'off' | 'slow' | 'fast' = 'off';
  #quiet = 0;

  constructor(look: (now: number) => void) {
    this.#look = look;
  }

  get isFast(): boolean {
    return this.#pace === 'fast';
  }

  get isOff(): boolean {
    return this.#pace === 'off';
  }

  set(pace: 'off' | 'slow' | 'fast'): void {
    clearInterval(this.#timer);
    this.#pace = pace;
    this.#quiet = 0;
    if (pace === 'off') return;
    this.#timer = setInterval(() => this.#look(Date.now()), paceMs[pace]);
    this.#timer.unref();
  }

  /** What a look found. */
  found(hasCalls: boolean): void {
    if (hasCalls) this.#quiet = 0;
    else if (++this.#quiet === quietMax) this.set('slow');
  }
}
