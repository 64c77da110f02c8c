/** What the door counts; children are looked up once and kept. */
import type { Counter, Histogram, Metrics } from '../metrics.ts';

/** Counts of one operation of one bundle. */
export class OperationMeter {
  readonly seconds: Histogram;
  readonly #metrics: Metrics;
  readonly #labels: { bundle: string; operation: string };
  /** By status: an index is cheaper than a lookup. */
  readonly #calls: (Counter | undefined)[] = [];

  constructor(metrics: Metrics, bundle: string, operation: string) {
    this.#metrics = metrics;
    this.#labels = { bundle, operation };
    this.seconds = metrics.histogram(
      'funcatron_call_seconds',
      'Time from the request line to the answer, at the door',
      this.#labels,
    );
  }

  count(status: number): void {
    (this.#calls[status] ??= this.#counter(status)).add();
  }

  #counter(status: number): Counter {
    const labels = { ...this.#labels, status: String(status) };
    return this.#metrics.counter('funcatron_calls_total', 'Calls answered at the door', labels);
  }
}

/** Counts of the door itself. */
export class DoorMeter {
  /** Requests taken and not answered to the end. */
  inFlight = 0;
  connections = 0;
  readonly #metrics: Metrics;
  readonly #rejected = new Map<string, Counter>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
    const inFlight = metrics.gauge('funcatron_calls_in_flight', 'Requests not yet answered');
    const connections = metrics.gauge('funcatron_connections', 'Connections open at the door');
    metrics.onCollect(() => {
      inFlight.set(this.inFlight);
      connections.set(this.connections);
    });
  }

  operation(bundle: string, operation: string): OperationMeter {
    return new OperationMeter(this.#metrics, bundle, operation);
  }

  /** A request that was refused before it cost a place in a queue. */
  reject(code: string): void {
    let counter = this.#rejected.get(code);
    if (!counter) {
      const help = 'Requests refused at the door';
      counter = this.#metrics.counter('funcatron_rejected_total', help, { code });
      this.#rejected.set(code, counter);
    }
    counter.add();
  }
}
