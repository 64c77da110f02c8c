/** The counts of operations as metrics: ours, and those of OpenFaaS's gateway under its names. */
import { latencyBounds } from '../metrics.ts';
import type { MetricFamily, MetricType } from '../metrics.ts';
import type { OperationMeter, StatusCount } from './meter.ts';

/** What Prometheus's clients take where nothing is said; all of them are among ours. */
const gatewayBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** Worked out when somebody asks: calls do not pay for it. */
export function operationFamilies(operations: Iterable<OperationMeter>): MetricFamily[] {
  const calls = family('funcatron_calls_total', 'Calls answered at the door', 'counter');
  const seconds = family(
    'funcatron_call_seconds',
    'Time from the request line to the answer, at the door',
    'histogram',
    latencyBounds,
  );
  const invoked = family('gateway_function_invocation_total', 'Function metrics', 'counter');
  const lasted = family(
    'gateway_functions_seconds',
    'Function time taken',
    'histogram',
    gatewayBounds,
  );
  const started = family(
    'gateway_function_invocation_started',
    'The total number of function HTTP requests started',
    'counter',
  );
  for (const { labels, byStatus, started: begun } of operations) {
    const { bundle, operation, functionName: function_name } = labels;
    const all = { buckets: new Float64Array(latencyBounds.length + 1), seconds: 0 };
    for (const [code, count] of counted(byStatus)) {
      const value = total(count.buckets);
      calls.samples.push({ labels: { bundle, operation, status: code }, value });
      invoked.samples.push({ labels: { function_name, code }, value });
      const buckets = narrowed(count.buckets);
      lasted.samples.push({
        ...{ labels: { function_name, code }, value: 0, buckets, sum: count.seconds },
      });
      count.buckets.forEach((inBucket, at) => (all.buckets[at]! += inBucket));
      all.seconds += count.seconds;
    }
    const { buckets, seconds: sum } = all;
    seconds.samples.push({ labels: { bundle, operation }, value: 0, buckets, sum });
    started.samples.push({ labels: { function_name }, value: begun });
  }
  const families = [calls, seconds, invoked, lasted, started];
  return families.filter(({ samples }) => samples.length > 0);
}

/** Every status that was answered. */
export function counted(byStatus: readonly (StatusCount | undefined)[]): [string, StatusCount][] {
  return Object.entries(byStatus).filter((pair): pair is [string, StatusCount] => !!pair[1]);
}

export function total(buckets: Float64Array): number {
  return buckets.reduce((sum, inBucket) => sum + inBucket, 0);
}

/** Our buckets put together to those of Prometheus. */
function narrowed(buckets: Float64Array): Float64Array {
  const fewer = new Float64Array(gatewayBounds.length + 1);
  buckets.forEach((inBucket, at) => {
    const upper = latencyBounds[at] ?? Infinity;
    const index = gatewayBounds.findIndex((bound) => bound >= upper);
    fewer[index === -1 ? gatewayBounds.length : index]! += inBucket;
  });
  return fewer;
}

function family(
  name: string,
  help: string,
  type: MetricType,
  bounds: readonly number[] = [],
): MetricFamily {
  return { name, help, type, bounds, samples: [] };
}
