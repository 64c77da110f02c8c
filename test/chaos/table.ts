/** Figures of faults, to be read by people. */
import type { ChaosResult } from './chaos.ts';
import type { Phase } from './phase.ts';

/** What can be said of a phase when it has just ended. */
export function sentence(phase: Phase): string {
  const { name, sent, answered, slow, broken, brokeOff, hung } = phase;
  return (
    `${name}: sent ${sent}, answered ${answered} (slowly ${slow}), failed clearly ${phase.failures}${by(phase)}, ` +
    `connections broken ${broken}, answers broken off ${brokeOff}, hung ${hung}, ` +
    `well again after ${seconds(phase)} s`
  );
}

const head = [
  ...['broker', 'fault', 'sent', 'answered', 'slowly', 'failed clearly', 'broken', 'broke off'],
  ...['damaged', 'hung', 'ran twice', 'lost', 'well after'],
];

/** The last word: a row for each fault, and the failures by component below. */
export function table(results: readonly ChaosResult[]): string {
  const rows = results.flatMap(({ scheme, phases }) =>
    phases.map((phase) => [
      ...[scheme, phase.name, phase.sent, phase.answered, phase.slow, phase.failures, phase.broken],
      ...[phase.brokeOff, phase.damaged.length, phase.hung, phase.twice.length],
      ...[phase.lost.length, `${seconds(phase)} s`],
    ]),
  );
  const all = [head, ...rows.map((row) => row.map(String))];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const lines = all.map((row) =>
    row
      .map((cell, at) => (at < 2 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)))
      .join('  '),
  );
  const failures = results.flatMap(({ scheme, phases }) =>
    phases
      .filter(({ failures: count }) => count > 0)
      .map((phase) => `${scheme}, ${phase.name}: failed clearly${by(phase)}`),
  );
  return [...lines, '', ...failures].join('\n');
}

/** Who failed clearly, in brackets. */
function by({ failed }: Phase): string {
  const all = [...failed].map(([what, count]) => `${what} ${count}`);
  return all.length > 0 ? ` (${all.join(', ')})` : '';
}

function seconds({ recoveredMs }: Phase): string {
  return (recoveredMs / 1000).toFixed(1);
}
