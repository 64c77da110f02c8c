import { fileURLToPath } from 'node:url';
import { fixtureAssignment, runConformance } from './conformance.ts';
import { pythonRuntime } from './python.ts';

const fixture = fileURLToPath(new URL('fixture/python', import.meta.url));

runConformance({
  kind: 'python',
  runtime: pythonRuntime,
  assignment: fixtureAssignment(fixture, { handler: 'app.py' }),
});

runConformance({
  kind: 'python',
  label: 'python (async def)',
  runtime: pythonRuntime,
  assignment: fixtureAssignment(fixture, { handler: 'async_app.py' }),
});
