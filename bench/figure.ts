/** Figures: medians of rounds, since a shared machine's speed drifts. */

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function range(values: number[]): string {
  return `${Math.min(...values).toFixed(2)}..${Math.max(...values).toFixed(2)}`;
}

/** One line: what, its median, its range, and the target where there is one. */
export function print(what: string, values: number[], target = ''): void {
  const shown = `${median(values).toFixed(2)}  (${range(values)})`;
  console.log(`${what.padEnd(58)} ${shown.padEnd(24)} ${target}`);
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begunAt = performance.now();
  await work();
  return performance.now() - begunAt;
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
