/**
 * Which of several Trons leads: welcomes nodes, and keeps them to the table. It is whoever has the
 * lease in the store that they share. A leader that cannot renew it stops before another may begin.
 */
import type { Log } from '../log.ts';
import type { Leases } from '../store/lease.ts';

const lease = 'leader';
const ttlMs = 10_000;
const renewMs = 3_000;
/** Clocks run apart, and a renewal takes its time. */
const marginMs = 1_000;

export interface LeaderOptions {
  /** Without any this is the only Tron there can be. */
  leases: Leases | undefined;
  /** This Tron. */
  id: string;
  log: Log;
  /** It leads from now on. */
  onLead(): void;
}

export class Leader {
  readonly #options: LeaderOptions;
  #until = -Infinity;
  #led = false;
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> = Promise.resolve();

  constructor(options: LeaderOptions) {
    this.#options = options;
  }

  get leads(): boolean {
    return this.#options.leases === undefined || performance.now() < this.#until;
  }

  async start(): Promise<void> {
    if (!this.#options.leases) return this.#options.onLead();
    await this.#renew();
    this.#timer = setInterval(() => (this.#renewing = this.#renew()), renewMs).unref();
  }

  /** Another Tron is gone: it may have led. */
  hurry(): void {
    if (this.#timer) this.#renewing = this.#renewing.then(() => this.#renew());
  }

  /** The next one may lead at once. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    const { leases, id } = this.#options;
    await this.#renewing;
    if (!leases || !this.leads) return;
    this.#until = -Infinity;
    await leases.release(lease, id).catch(() => undefined);
  }

  async #renew(): Promise<void> {
    const { leases, id, log, onLead } = this.#options;
    const askedAt = performance.now();
    try {
      const isMine = await leases!.take(lease, id, ttlMs);
      this.#until = isMine ? askedAt + ttlMs - marginMs : -Infinity;
    } catch (err) {
      log.warn({ err }, 'the store does not say who leads');
    }
    if (this.leads === this.#led) return;
    this.#led = this.leads;
    log.info(this.#led ? 'this Tron leads' : 'this Tron leads no more');
    if (this.#led) onLead();
  }
}
