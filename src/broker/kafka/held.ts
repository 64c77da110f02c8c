/** The records of a taker: handed over, or done and not yet acknowledged. */
import type { TakenRecord } from './record.ts';

export interface Held {
  readonly record: TakenRecord;
  /** The broker still keeps it for us. */
  isLocked: boolean;
  lockedAt: number;
  /** Whoever has it has said what became of it. */
  isSettled: boolean;
  isDone: boolean;
}

export class HeldRecords {
  /** Handed over and not done. */
  open = 0;
  readonly #all = new Map<bigint, Held>();
  #done: bigint[] = [];

  /** To be acknowledged. */
  get doneCount(): number {
    return this.#done.length;
  }

  add(record: TakenRecord): Held {
    const lockedAt = Date.now();
    const held: Held = { record, lockedAt, isLocked: true, isSettled: false, isDone: false };
    this.#all.set(record.offset, held);
    this.open++;
    return held;
  }

  /** Whether a record that comes was lost with a session and is still in hand here, or done. */
  cameBack(offset: bigint): boolean {
    const held = this.#all.get(offset);
    if (!held) return false;
    held.isLocked = true;
    held.lockedAt = Date.now();
    if (held.isDone) this.#done.push(offset);
    return true;
  }

  end(held: Held): void {
    held.isDone = true;
    this.open--;
    if (held.isLocked) this.#done.push(held.record.offset);
  }

  /** It is not ours any more, done or not. */
  drop({ record }: Held): void {
    this.#all.delete(record.offset);
    this.open--;
  }

  takeDone(): bigint[] {
    return this.#done.splice(0);
  }

  /** They are acknowledged. */
  forget(offsets: bigint[]): void {
    for (const offset of offsets) this.#all.delete(offset);
  }

  /** Those whose lock is older than that; they count as locked anew. */
  renew(ageMs: number): bigint[] {
    const now = Date.now();
    const due: bigint[] = [];
    for (const [offset, held] of this.#all) {
      if (!held.isLocked || held.isDone || now - held.lockedAt < ageMs) continue;
      held.lockedAt = now;
      due.push(offset);
    }
    return due;
  }

  /** The session is lost, and all locks with it. */
  lose(): void {
    this.#done = [];
    for (const [offset, held] of this.#all) {
      // Done, and not come back since the loss before this one: others had it.
      if (held.isDone && !held.isLocked) this.#all.delete(offset);
      held.isLocked = false;
    }
  }

  /** Other records have their offsets now. */
  clear(): void {
    this.#all.clear();
  }
}
