/**
 * Counts kept in memory, as cheap as an array index; whoever is scraped formats them.
 * A child (`counter.labels(...)`) is looked up once and kept by its user, never per call.
 */
export type MetricType = 'counter' | 'gauge' | 'histogram';

interface Sample {
  labels: Record<string, string>;
  /** Counter or gauge value. */
  value: number;
  /** Histogram: count per bucket (not cumulative, the last one is +Inf), and the sum. */
  buckets?: Float64Array;
  sum?: number;
}

export interface MetricFamily {
  name: string;
  help: string;
  type: MetricType;
  /** Upper bounds of a histogram's buckets. */
  bounds: readonly number[];
  samples: Sample[];
}

export interface Counter {
  add(amount?: number): void;
}
export interface Gauge {
  set(value: number): void;
}
export interface Histogram {
  /** In the unit of the metric's name: seconds. */
  observe(value: number): void;
}

/** Latency bounds in seconds, from half a millisecond to a minute. */
export const latencyBounds = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const;

type Labels = Record<string, string>;

export class Metrics {
  readonly #families = new Map<string, MetricFamily>();
  readonly #samples = new Map<string, Sample>();
  readonly #collectors = new Set<() => void>();
  readonly #sources = new Set<() => MetricFamily[]>();

  counter(name: string, help: string, labels: Labels = {}): Counter {
    const sample = this.#sample(name, help, 'counter', labels, []);
    return { add: (amount = 1) => void (sample.value += amount) };
  }

  gauge(name: string, help: string, labels: Labels = {}): Gauge {
    const sample = this.#sample(name, help, 'gauge', labels, []);
    return { set: (value) => void (sample.value = value) };
  }

  histogram(
    name: string,
    help: string,
    labels: Labels = {},
    bounds: readonly number[] = latencyBounds,
  ): Histogram {
    const sample = this.#sample(name, help, 'histogram', labels, bounds);
    const buckets = (sample.buckets ??= new Float64Array(bounds.length + 1));
    return {
      observe(value) {
        let index = 0;
        while (index < bounds.length && value > bounds[index]!) index++;
        buckets[index]!++;
        sample.sum = (sample.sum ?? 0) + value;
      },
    };
  }

  /** Calls `collect` before every snapshot, to set gauges that are only worth knowing then. */
  onCollect(collect: () => void): void {
    this.#collectors.add(collect);
  }

  /** Forgets every sample that carries all of `labels`: what it counted is gone. */
  drop(labels: Labels): void {
    const wanted = Object.entries(labels);
    for (const [key, sample] of this.#samples) {
      if (!wanted.every(([name, value]) => sample.labels[name] === value)) continue;
      this.#samples.delete(key);
      for (const family of this.#families.values())
        family.samples = family.samples.filter((other) => other !== sample);
    }
  }

  /** Has whoever counts by itself tell its families at every snapshot; their names are its own. */
  addSource(source: () => MetricFamily[]): void {
    this.#sources.add(source);
  }

  snapshot(): MetricFamily[] {
    for (const collect of this.#collectors) collect();
    return [...this.#families.values(), ...[...this.#sources].flatMap((source) => source())];
  }

  #sample(
    name: string,
    help: string,
    type: MetricType,
    labels: Labels,
    bounds: readonly number[],
  ): Sample {
    let family = this.#families.get(name);
    if (!family) this.#families.set(name, (family = { name, help, type, bounds, samples: [] }));
    const key = `${name}\u0000${JSON.stringify(labels)}`;
    let sample = this.#samples.get(key);
    if (!sample) {
      this.#samples.set(key, (sample = { labels, value: 0 }));
      family.samples.push(sample);
    }
    return sample;
  }
}
