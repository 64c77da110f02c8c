/** What the code of a bundle lacks, found out as a runner does: in a worker that loads it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBroker } from '../broker/broker.ts';
import type { BuiltBundle } from '../bundle/build.ts';
import type { SecretSource } from '../control/secret-wire.ts';
import { createLog } from '../log.ts';
import { empty } from '../message.ts';
import type { Issue, Route } from '../message.ts';
import { Metrics } from '../metrics.ts';
import { withoutRepeats } from '../runner/missing.ts';
import { Runner } from '../runner/runner.ts';
import { ContractCache } from './contract-cache.ts';

/**
 * The Funcs that are missing, each with what to export; with no props, so that no service is
 * opened. Throws what loading may: `worker_start_failed`, `dependency_missing`, ...
 */
export async function findMissingFuncs(built: BuiltBundle, overlay?: unknown): Promise<Issue[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'fn-'));
  try {
    const file = join(scratch, 'bundle.zip');
    await writeFile(file, built.bytes);
    return await load(built.sha, file, scratch, overlay);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function load(
  sha: string,
  file: string,
  scratch: string,
  overlay: unknown,
): Promise<Issue[]> {
  const log = createLog({ level: 'silent' });
  const broker = await openBroker('memory:', { log });
  // Nobody is asked for secrets here: code that reads them as it loads finds empty files.
  const read: SecretSource['read'] = async (wants) =>
    wants.map(({ name }) => ({ name, version: '', value: empty }));
  const path = async (): Promise<string> => file;
  const runner = new Runner({
    ...{ broker, log, bundles: { path }, secrets: { read }, contracts: new ContractCache(path) },
    ...{ metrics: new Metrics(), dir: scratch, socketDir: scratch, warm: 0, prefetch: 1 },
    ...{ drainMs: 5_000, stacks: true, responseMode: 'off' },
  });
  const route: Route = {
    ...{ host: null, basePath: '/', queue: 'check', name: 'check' },
    ...{ sha, revision: 1, props: {}, overlay },
  };
  try {
    const assigned = await runner.check(route);
    return withoutRepeats(assigned).map(({ operationId, mend }) => {
      return { in: 'handler', at: operationId, message: 'no such Func in the code', mend };
    });
  } finally {
    await runner.close();
    await broker.close();
  }
}
