import { fileURLToPath } from 'node:url';
import { openDirect } from '../watchdog/direct.ts';
import { fixtureAssignment, runConformance } from './conformance.ts';
import { createHttpRuntime, httpRuntime } from './http.ts';

const dir = fileURLToPath(new URL('fixture/http', import.meta.url));
const assignment = fixtureAssignment(dir, { command: ['node', 'server.js'] });

runConformance({ kind: 'http', runtime: httpRuntime, assignment });

runConformance({
  kind: 'http',
  label: 'http, without a helper,',
  runtime: createHttpRuntime(async (env) => openDirect(env)),
  assignment,
});
