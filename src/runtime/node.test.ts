import { join } from 'node:path';
import { fixtureAssignment, runConformance } from './conformance.ts';
import { nodeRuntime } from './node.ts';

const fixture = (name: string): string => join(import.meta.dirname, 'fixture', name);

runConformance({
  kind: 'node',
  label: 'node (ES module)',
  runtime: nodeRuntime,
  assignment: fixtureAssignment(fixture('node-esm'), { handler: 'handler.mjs' }),
});

runConformance({
  kind: 'node',
  label: 'node (CommonJS)',
  runtime: nodeRuntime,
  assignment: fixtureAssignment(fixture('node-cjs'), { handler: 'handler.cjs' }),
});
