/**
 * What the door counts. One record of a call serves all who ask: our own metrics, those that
 * OpenFaaS's users know, and the counts that the Trons keep.
 */
import { latencyBounds } from '../metrics.ts';
import type { Counter, MetricFamily, Metrics } from '../metrics.ts';
import { operationFamilies } from './metric-family.ts';

/** Calls of one operation that were answered with one status. */
export interface StatusCount {
  /** Per bucket of `latencyBounds`, the last one without an end. */
  buckets: Float64Array;
  seconds: number;
}

/** What the platform said of the last call that failed. */
export interface CallError {
  /** Milliseconds since 1970. */
  at: number;
  status: number;
  code?: string;
  detail?: string;
}

/** What an operation is counted as. */
export interface OperationLabels {
  bundle: string;
  /** Contract key: `METHOD /template`. */
  operation: string;
  /** `name.namespace`, as OpenFaaS's metrics have it. */
  functionName: string;
}

const errorLengthMax = 500;

/** Counts of one operation of one bundle. */
export class OperationMeter {
  readonly labels: OperationLabels;
  /** By status: an index is cheaper than a lookup. */
  readonly byStatus: (StatusCount | undefined)[] = [];
  started = 0;
  ended = 0;
  /** Milliseconds since 1970 of the last answer. */
  lastAt = 0;
  error: CallError | undefined;
  #said: { code: string; detail: string } | undefined;

  constructor(labels: OperationLabels) {
    this.labels = labels;
  }

  begin(): void {
    this.started++;
  }

  /** `seconds`: from the request line to the answer. */
  end(status: number, seconds: number): void {
    this.ended++;
    const count = (this.byStatus[status] ??= newCount());
    let index = 0;
    while (index < latencyBounds.length && seconds > latencyBounds[index]!) index++;
    count.buckets[index]!++;
    count.seconds += seconds;
    if (status < 500) return;
    this.error = { at: Date.now(), status, ...this.#said };
    this.#said = undefined;
  }

  /** What the platform says of the call that ends next. */
  fail({ code, detail }: { code: string; detail: string }): void {
    this.#said = { code, detail: detail.slice(0, errorLengthMax) };
  }
}

function newCount(): StatusCount {
  return { buckets: new Float64Array(latencyBounds.length + 1), seconds: 0 };
}

/** Counts of the door itself. */
export class DoorMeter {
  /** Requests taken and not answered to the end. */
  inFlight = 0;
  connections = 0;
  readonly #metrics: Metrics;
  readonly #rejected = new Map<string, Counter>();
  readonly #operations = new Map<string, OperationMeter>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
    const inFlight = metrics.gauge('funcatron_calls_in_flight', 'Requests not yet answered');
    const connections = metrics.gauge('funcatron_connections', 'Connections open at the door');
    metrics.onCollect(() => {
      inFlight.set(this.inFlight);
      connections.set(this.connections);
    });
    metrics.addSource((): MetricFamily[] => operationFamilies(this.operations));
  }

  get operations(): Iterable<OperationMeter> {
    return this.#operations.values();
  }

  /** One meter for each bundle and operation, wherever they are enabled. */
  operation(labels: OperationLabels): OperationMeter {
    const key = `${labels.bundle} ${labels.operation}`;
    let meter = this.#operations.get(key);
    if (!meter) this.#operations.set(key, (meter = new OperationMeter(labels)));
    return meter;
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
