/** What a watchdog counts of its requests, by the names OpenFaaS's has. */
import { Metrics } from '../../metrics.ts';
import type { Counter, Histogram } from '../../metrics.ts';

/** Prometheus's usual bounds, in seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class RequestMeter {
  readonly metrics = new Metrics();
  readonly #ends = new Map<string, { total: Counter; seconds: Histogram }>();
  inFlight = 0;

  constructor() {
    const about = 'Requests that are being served.';
    const gauge = this.metrics.gauge('http_requests_in_flight', about);
    this.metrics.onCollect(() => gauge.set(this.inFlight));
  }

  /** Counts a request that was answered. */
  count(status: number, method: string, ms: number): void {
    const code = String(status);
    const key = `${code} ${method}`;
    let end = this.#ends.get(key);
    if (!end) this.#ends.set(key, (end = this.#open({ code, method: method.toLowerCase() })));
    end.total.add();
    end.seconds.observe(ms / 1000);
  }

  #open(labels: Record<string, string>) {
    const { metrics } = this;
    return {
      total: metrics.counter('http_requests_total', 'Requests that were answered.', labels),
      seconds: metrics.histogram(
        'http_request_duration_seconds',
        'Time from request to answer.',
        labels,
        bounds,
      ),
    };
  }
}
