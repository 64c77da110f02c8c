import { fileURLToPath } from 'node:url';
import { fixtureAssignment, runConformance } from './conformance.ts';
import type { Assignment } from './runtime.ts';
import { watchdogRuntime } from './watchdog.ts';

const folder = (name: string): string => fileURLToPath(new URL(`fixture/${name}`, import.meta.url));

/** Who answers JSON, the contract tells: nobody else does. */
const json = new Set(['echo', 'slow', 'bigBody', 'logs']);
const assignment = (dir: string, env: Record<string, string>): Assignment =>
  fixtureAssignment(
    folder(dir),
    { env: { FIXTURE_ENV: 'yes', ...env }, concurrency: 16 },
    (operationId) => ({
      operationId,
      ...(json.has(operationId) && { contentType: 'application/json' }),
    }),
  );

const oneProgram = {
  name: 'a Func that is missing is named when assigned and when called',
  reason: 'one program has all Funcs, and knows by itself which it lacks',
};
const alwaysOctets = {
  name: 'text, bytes, nothing, and a status of its own',
  reason: 'what nobody declares is application/octet-stream in this mode',
};
const chunksOfText = {
  name: 'an answer in chunks',
  reason: alwaysOctets.reason,
};

runConformance({
  kind: 'process',
  label: 'watchdog, mode classic,',
  runtime: watchdogRuntime,
  assignment: assignment('watchdog', { fprocess: './dispatch.sh', combine_output: 'false' }),
  answers: ['failure', 'crash'],
  exclusions: [oneProgram],
});

runConformance({
  kind: 'process',
  label: 'watchdog, mode serializing,',
  runtime: watchdogRuntime,
  assignment: assignment('watchdog', { fprocess: './dispatch.sh', mode: 'serializing' }),
  answers: ['failure', 'crash'],
  exclusions: [oneProgram, alwaysOctets, chunksOfText],
});

runConformance({
  kind: 'process',
  label: 'watchdog, mode warm,',
  runtime: watchdogRuntime,
  assignment: assignment('watchdog', { fprocess: './warm.py', mode: 'warm' }),
  answers: ['failure'],
  exclusions: [oneProgram],
});

runConformance({
  kind: 'http',
  label: 'watchdog, mode http,',
  runtime: watchdogRuntime,
  assignment: assignment('http', { fprocess: 'node server.js', mode: 'http' }),
  answers: ['failure'],
});
