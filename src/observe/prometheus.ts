/** The platform's counts and Node's own, as Prometheus reads them. */
import type { Registry } from 'prom-client';
import type { MetricFamily, Metrics } from '../metrics.ts';

interface Value {
  labels: Record<string, string | number>;
  value: number;
  metricName?: string;
}

export interface Exposition {
  contentType: string;
  text: () => Promise<string>;
}

/** Imports the client only now: whoever is never scraped does not pay for it. */
export async function createExposition(metrics: Metrics): Promise<Exposition> {
  const { default: client } = await import('prom-client');
  const registry = new client.Registry();
  client.collectDefaultMetrics({ register: registry });
  const known = new Map<string, MetricFamily>();
  return {
    contentType: registry.contentType,
    async text() {
      for (const family of metrics.snapshot()) {
        if (!known.has(family.name)) registry.registerMetric(asMetric(family.name, known));
        known.set(family.name, family);
      }
      return registry.metrics();
    },
  };
}

/** What a registry asks of a metric: that it can tell its values. */
function asMetric(name: string, families: Map<string, MetricFamily>) {
  const metric = {
    name,
    async get() {
      const { help, type, samples, bounds } = families.get(name)!;
      const values = samples.flatMap((sample): Value[] => {
        const { labels, value, buckets, sum } = sample;
        return buckets
          ? histogramValues(name, labels, bounds, buckets, sum ?? 0)
          : [{ labels, value }];
      });
      return { name, help, type, values, aggregator: 'sum' };
    },
  };
  return metric as unknown as Parameters<Registry['registerMetric']>[0];
}

function histogramValues(
  name: string,
  labels: Record<string, string>,
  bounds: readonly number[],
  buckets: Float64Array,
  sum: number,
): Value[] {
  let count = 0;
  const values = [...buckets].map((inBucket, index): Value => {
    count += inBucket;
    const le = bounds[index] ?? '+Inf';
    return { labels: { le, ...labels }, value: count, metricName: `${name}_bucket` };
  });
  return [
    ...values,
    { labels, value: sum, metricName: `${name}_sum` },
    { labels, value: count, metricName: `${name}_count` },
  ];
}
