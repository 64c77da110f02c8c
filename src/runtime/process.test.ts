import { fileURLToPath } from 'node:url';
import { openDirect } from '../watchdog/direct.ts';
import { fixtureAssignment, runConformance } from './conformance.ts';
import { createProcessRuntime, processRuntime } from './process.ts';
import type { FuncSpec } from './runtime.ts';

const dir = fileURLToPath(new URL('fixture/process', import.meta.url));

const programs: Record<string, string[]> = {
  echo: ['echo.pl'],
  fail: ['./fail.sh'],
  slow: ['./slow.pl'],
  crash: ['crash.sh'],
  bigBody: ['big-body.pl'],
  logs: ['logs.sh'],
  stream: ['stream.pl'],
  text: ['sh', 'text.sh'],
  binary: ['binary.py'],
  empty: ['true'],
  status: ['status.sh'],
  missing: ['no-such-program'],
};

function spec(operationId: string): FuncSpec {
  const json = ['echo', 'slow', 'bigBody', 'logs'].includes(operationId);
  return {
    operationId,
    command: programs[operationId] ?? ['true'],
    ...(json && { contentType: 'application/json' }),
  };
}

const assignment = fixtureAssignment(dir, { concurrency: 16 }, spec);

runConformance({ kind: 'process', runtime: processRuntime, assignment });

runConformance({
  kind: 'process',
  label: 'process, without a helper,',
  runtime: createProcessRuntime(async (env) => openDirect(env)),
  assignment,
  exclusions: [
    { name: 'it tells the CPU time it has had', reason: 'the helper is who adds it up' },
  ],
});
