/**
 * Schedules (`x-funcatron.schedule`). Every Tron looks at the clock; which of them fires a slot is
 * settled in the store, so a slot is fired once, however many there are.
 *
 * A slot is *claimed* by one Tron, then *sent*. One that was claimed and not sent (its Tron died in
 * between) is claimed again after a while, and sent under the same call id. Slots that pass while
 * no Tron is there are not made up for.
 */
import { createHash, randomBytes } from 'node:crypto';
import { publishAsync, newCallId } from '../async-call.ts';
import type { Publisher } from '../async-call.ts';
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Schedule } from '../message.ts';
import type { Contract } from '../openapi/contract.ts';
import { callOperation } from '../openapi/operation-call.ts';
import type { EnabledRoute, Store } from '../store/store.ts';
import type { RouteTable } from './route-table.ts';

/** Routes that another Tron enabled are known after so long, at most. */
const lookMs = 5_000;
/** A claimed slot that has not been sent by then is anybody's. */
const abandonedMs = 15_000;

interface Parts {
  store: Store;
  table: Pick<RouteTable, 'read'>;
  broker: Publisher;
  contractOf(route: EnabledRoute): Promise<Contract>;
  log: Log;
  /** This Tron's own name. */
  id: string;
}

interface Timed {
  key: string;
  route: EnabledRoute;
  operation: string;
  schedule: Schedule;
  /** Milliseconds since 1970. */
  next: number;
}

/** What the store knows of a schedule: its newest slot. */
interface Slot {
  at: number;
  by: string;
  claimedAt: number;
  isSent: boolean;
}

export class Scheduler {
  readonly #parts: Parts;
  readonly #timed = new Map<string, Timed>();
  readonly #firing = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #lookedAt = 0;
  #secret: Promise<string> | undefined;
  #closed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  start(): void {
    void this.#turn();
  }

  /** Looks at what is enabled now. */
  wake(): void {
    if (this.#closed) return;
    this.#lookedAt = 0;
    clearTimeout(this.#timer);
    void this.#turn();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await Promise.all(this.#firing);
  }

  async #turn(): Promise<void> {
    if (Date.now() - this.#lookedAt >= lookMs) await this.#look();
    if (this.#closed) return;
    const now = Date.now();
    let soonest = now + lookMs;
    for (const timed of this.#timed.values()) {
      if (timed.next <= now) {
        const at = timed.next;
        timed.next = Infinity;
        this.#fire(timed, at);
        timed.next = await nextSlot(timed.schedule, now);
      }
      soonest = Math.min(soonest, timed.next);
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#turn(), Math.max(0, soonest - Date.now()));
  }

  async #look(): Promise<void> {
    this.#lookedAt = Date.now();
    try {
      const { routes } = await this.#parts.table.read();
      const gone = new Set(this.#timed.keys());
      for (const route of routes)
        for (const { operation, schedule } of route.triggers ?? []) {
          if (!schedule) continue;
          const key = `schedule:${route.queue}:${operation}`;
          gone.delete(key);
          await this.#time(key, { route, operation, schedule });
        }
      for (const key of gone) this.#timed.delete(key);
    } catch (err) {
      this.#parts.log.warn({ err }, 'the schedules could not be read; those known go on');
    }
  }

  async #time(key: string, wanted: Pick<Timed, 'route' | 'operation' | 'schedule'>): Promise<void> {
    const known = this.#timed.get(key);
    const isSame = known && JSON.stringify(known.schedule) === JSON.stringify(wanted.schedule);
    const next = isSame ? known.next : await nextSlot(wanted.schedule, Date.now());
    this.#timed.set(key, { key, ...wanted, next });
    if (known) return;
    // Somebody may have died with a slot in hand.
    const slot = await this.#slot(key);
    if (slot && !slot.isSent && isAbandoned(slot)) this.#fire(this.#timed.get(key)!, slot.at);
  }

  #fire(timed: Timed, at: number): void {
    const firing = this.#send(timed, at)
      .catch((err: unknown) => {
        const { name: bundle } = timed.route;
        const fields = { err, bundle, operation: timed.operation, slot: new Date(at) };
        this.#parts.log.error(fields, 'a scheduled call could not be made; it is tried again');
        return false;
      })
      .then((isSettled) => {
        this.#firing.delete(firing);
        if (!isSettled && !this.#closed) this.#fireAgain(timed, at);
      });
    this.#firing.add(firing);
  }

  /** Whoever has the slot may die with it. */
  #fireAgain(timed: Timed, at: number): void {
    const again = (): void => {
      if (!this.#closed && this.#timed.get(timed.key)) this.#fire(timed, at);
    };
    setTimeout(again, abandonedMs + 1_000).unref();
  }

  /** Whether nothing is left to do for the slot, by this Tron or by another. */
  async #send(timed: Timed, at: number): Promise<boolean> {
    const { store, broker, contractOf, log } = this.#parts;
    const { key, route, operation: operationKey } = timed;
    const claimed = await this.#claim(key, at);
    if (typeof claimed === 'boolean') return claimed;
    const contract = await contractOf(route);
    const operation = contract.operation(operationKey);
    if (!operation) throw new FuncatronError('not_found', `there is no ${operationKey} any more`);
    const slot = new Date(at).toISOString();
    const headers = { 'x-funcatron-slot': slot };
    const id = await this.#callId(key, at);
    const work = callOperation(contract, route, operation, { by: 'schedule', headers, id });
    await publishAsync(broker, work);
    await store.commit([{ put: 'setting', name: key, value: { ...claimed, isSent: true } }]);
    const fields = { bundle: route.name, operation: operationKey, requestId: id, slot };
    log.debug(fields, 'a scheduled call was made');
    return true;
  }

  /** The slot, if it is this Tron's to send; else whether it has been sent. */
  async #claim(key: string, at: number): Promise<Slot | boolean> {
    const was = await this.#slot(key);
    if (was && (was.at > at || (was.at === at && was.isSent))) return true;
    if (was && was.at === at && !isAbandoned(was)) return false;
    const slot: Slot = { at, by: this.#parts.id, claimedAt: Date.now(), isSent: false };
    try {
      await this.#parts.store.commit([{ put: 'setting', name: key, value: slot, was }]);
      return slot;
    } catch (thrown) {
      // Another Tron was quicker.
      if (thrown instanceof FuncatronError && thrown.code === 'route_conflict') return false;
      throw thrown;
    }
  }

  async #slot(key: string): Promise<Slot | undefined> {
    return (await this.#parts.store.setting(key)) as Slot | undefined;
  }

  /** The same for every Tron, and not to be guessed: who knows it may ask for the result. */
  async #callId(key: string, at: number): Promise<string> {
    const secret = await (this.#secret ??= this.#readSecret());
    const digest = createHash('sha256').update(`${secret} ${key} ${at}`).digest();
    return newCallId(at, digest);
  }

  async #readSecret(): Promise<string> {
    const { store } = this.#parts;
    const name = 'schedule-secret';
    const known = await store.setting(name);
    if (typeof known === 'string') return known;
    const value = randomBytes(32).toString('hex');
    try {
      await store.commit([{ put: 'setting', name, value, was: undefined }]);
      return value;
    } catch {
      return String(await store.setting(name));
    }
  }
}

function isAbandoned({ claimedAt }: Slot): boolean {
  return Date.now() - claimedAt > abandonedMs;
}

/** The first slot after a time, both in milliseconds since 1970; Infinity when none comes. */
export async function nextSlot(
  { cron, timezone = 'UTC' }: Schedule,
  after: number,
): Promise<number> {
  const { Cron } = await import('croner');
  const next = new Cron(cron, { paused: true, timezone }).nextRun(new Date(after));
  return next?.getTime() ?? Infinity;
}
