/** What a runner counts per bundle; formatted by whoever is scraped. */
import type { Counter, Gauge, Histogram, Metrics } from '../metrics.ts';

export interface PoolMeter {
  coldStarts: Counter;
  queueWait: Histogram;
  funcSeconds: Histogram;
  errors: (code: string) => Counter;
  contractBreaks: Counter;
  workers: Gauge;
  queueDepth: Gauge;
  inHand: Gauge;
}

/** Counters of one bundle, looked up once when it is enabled. */
export function createPoolMeter(metrics: Metrics, bundle: string): PoolMeter {
  const labels = { bundle };
  const errors = new Map<string, Counter>();
  return {
    coldStarts: metrics.counter(
      'funcatron_cold_starts_total',
      'Workers loaded with the bundle',
      labels,
    ),
    queueWait: metrics.histogram(
      'funcatron_queue_wait_seconds',
      'Time from the door to the runner',
      labels,
    ),
    funcSeconds: metrics.histogram(
      'funcatron_func_seconds',
      'Time from the runner to the Func and back, waiting for a worker included',
      labels,
    ),
    contractBreaks: metrics.counter(
      'funcatron_response_contract_breaks_total',
      'Responses that break the contract',
      labels,
    ),
    workers: metrics.gauge('funcatron_workers', 'Workers that serve the bundle', labels),
    queueDepth: metrics.gauge('funcatron_queue_depth', 'Calls waiting in the queue', labels),
    inHand: metrics.gauge(
      'funcatron_calls_in_hand',
      'Calls the runner has and has not answered',
      labels,
    ),
    errors(code) {
      let counter = errors.get(code);
      if (!counter) {
        const help = 'Calls a runner answered with an error';
        counter = metrics.counter('funcatron_runner_errors_total', help, { bundle, code });
        errors.set(code, counter);
      }
      return counter;
    },
  };
}
