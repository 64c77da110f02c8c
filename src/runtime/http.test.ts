import { fileURLToPath } from 'node:url';
import { fixtureAssignment, runConformance } from './conformance.ts';
import { httpRuntime } from './http.ts';

const dir = fileURLToPath(new URL('fixture/http', import.meta.url));
const assignment = fixtureAssignment(dir, { command: ['node', 'server.js'] });

runConformance({ kind: 'http', runtime: httpRuntime, assignment });
