/** How many workers functions have, asked of a Tron when somebody wants to know, now and then. */
import type { Reply } from '../message.ts';
import type { MetricFamily } from '../metrics.ts';

/** As often as OpenFaaS's gateway looks. */
const freshMs = 5_000;

export class ServiceCounts {
  readonly #ask: () => Promise<Reply>;
  #counts: Record<string, number> = {};
  #askedAt = -Infinity;
  #asking: Promise<void> | undefined;

  constructor(ask: () => Promise<Reply>) {
    this.#ask = ask;
  }

  /** What was known last; somebody who does not wait has newer ones the next time. */
  families(): MetricFamily[] {
    void this.refresh();
    const samples = Object.entries(this.#counts).map(([function_name, value]) => {
      return { labels: { function_name }, value };
    });
    if (samples.length === 0) return [];
    const help = 'Current count of replicas for function';
    return [{ name: 'gateway_service_count', help, type: 'gauge', bounds: [], samples }];
  }

  /** Resolves when they are new enough, or no Tron says so. */
  refresh(): Promise<void> {
    if (performance.now() - this.#askedAt < freshMs) return this.#asking ?? Promise.resolve();
    this.#askedAt = performance.now();
    return (this.#asking = this.#read().finally(() => (this.#asking = undefined)));
  }

  async #read(): Promise<void> {
    try {
      const { head, body } = await this.#ask();
      if (head.status === 200)
        this.#counts = JSON.parse(Buffer.from(body as Uint8Array).toString());
    } catch {
      // Nobody who asks for metrics is served by an error: the last ones stay.
    }
  }
}
