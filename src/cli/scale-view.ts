/** How many workers there are and why, and how something was called, for people. */
export interface ScaleInfo {
  replicas?: number;
  instances?: number;
  decision?: { at: number; replicas?: number; reason: string };
}

export interface UsageInfo {
  calls: number;
  statuses: Record<string, number>;
  latencyMs: { mean: number; p50: number; p95: number };
  lastAt: number;
  lastError?: { at: number; status: number; code?: string; detail?: string };
}

/** `2 of 3` where a number is wanted, else what there is. */
export function showScale({ replicas, instances = 0 }: ScaleInfo): string {
  return replicas === undefined ? String(instances) : `${instances} of ${replicas}`;
}

/** `14:03:22 up: 120 calls in hand, 90 a worker`. */
export function showDecision({ decision }: ScaleInfo): string {
  if (!decision) return '';
  const { at, replicas, reason } = decision;
  const time = new Date(at).toTimeString().slice(0, 8);
  return `${time} ${replicas ?? 'as needed'}: ${reason}`;
}

/** `412 calls, p50 3 ms, p95 12 ms`, and what failed last. */
export function showUsage(usage: UsageInfo | undefined): string {
  if (!usage) return 'never called';
  const { calls, latencyMs, lastError } = usage;
  const text = `${calls} call${calls === 1 ? '' : 's'}, p50 ${latencyMs.p50} ms, p95 ${latencyMs.p95} ms`;
  if (!lastError) return text;
  const { at, status, code = '' } = lastError;
  return `${text}, last error ${status} ${code} ${new Date(at).toISOString()}`.replace('  ', ' ');
}
