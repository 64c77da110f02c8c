/** Calls this process sent, until somebody has taken them or their time is over. */
import type { Link } from './link.ts';
import { group } from './name.ts';
import { expireScript } from './script.ts';

const atOnceMax = 1000;

interface Sent {
  /** Of its entry: `milliseconds-number`. */
  id: string;
  /** Milliseconds since 1970 when nobody waits for it any more. */
  endsAt: number;
}

export class SentCalls {
  readonly #main: Link;
  readonly #streams = new Map<string, Sent[]>();

  constructor(main: Link) {
    this.#main = main;
  }

  add(key: string, id: string, endsAt: number): void {
    const sent = this.#streams.get(key);
    if (sent) sent.push({ id, endsAt });
    else this.#streams.set(key, [{ id, endsAt }]);
  }

  /** Deletes from the server what ended before `now`, and forgets what was taken. Never rejects. */
  async sweep(now: number): Promise<void> {
    await Promise.all([...this.#streams].map(([key, sent]) => this.#sweepOne(key, sent, now)));
  }

  async #sweepOne(key: string, sent: Sent[], now: number): Promise<void> {
    this.#streams.delete(key);
    const ended = sent.filter(({ endsAt }) => endsAt <= now).slice(0, atOnceMax);
    try {
      const args = [group, ...ended.map(({ id }) => id)];
      const taken = String(await this.#main.run(expireScript, [key], args));
      const gone = new Set(ended);
      this.#keep(
        key,
        sent.filter((one) => !gone.has(one) && isAfter(one.id, taken)),
      );
    } catch {
      this.#keep(key, sent);
    }
  }

  #keep(key: string, sent: Sent[]): void {
    const later = this.#streams.get(key) ?? [];
    if (sent.length + later.length > 0) this.#streams.set(key, [...sent, ...later]);
  }
}

/** Whether an entry comes after another in their stream; `''` is before all. */
function isAfter(id: string, other: string): boolean {
  if (other === '') return true;
  const [ms = 0, n = 0] = id.split('-').map(Number);
  const [otherMs = 0, otherN = 0] = other.split('-').map(Number);
  return ms > otherMs || (ms === otherMs && n > otherN);
}
