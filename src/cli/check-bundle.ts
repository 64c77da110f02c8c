/** What is wrong with a built bundle: its contract, then what its code lacks, in a real worker. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BuiltBundle } from '../bundle/build.ts';
import { readBundle } from '../bundle/read.ts';
import { FuncatronError } from '../errors.ts';
import { createLog } from '../log.ts';
import type { Issue, Route } from '../message.ts';
import { Metrics } from '../metrics.ts';
import { checkDocument } from '../openapi/check.ts';
import { openBroker } from '../broker/broker.ts';
import { Runner } from '../runner/runner.ts';
import { ContractCache } from './contract-cache.ts';

/** Throws `contract_invalid` or `handlers_missing` with everything that is wrong. */
export async function checkBuilt(built: BuiltBundle): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'fn-'));
  try {
    const file = join(scratch, 'bundle.zip');
    await writeFile(file, built.bytes);
    const { contract } = await readBundle(file);
    const errors = await checkDocument(contract);
    if (errors.length > 0)
      throw new FuncatronError('contract_invalid', `${contract.file} has ${errors.length} faults`, {
        errors,
      });
    const missing = await checkCode(built.sha, file, scratch);
    if (missing.length > 0) {
      const names = missing.map((issue) => issue.at).join(', ');
      throw new FuncatronError('handlers_missing', `the code does not export ${names}`, {
        errors: missing,
      });
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Loads the code where a runner would, with no props, and asks what it found. */
async function checkCode(sha: string, file: string, scratch: string): Promise<Issue[]> {
  const log = createLog({ level: 'silent' });
  const broker = await openBroker('memory:', { log });
  const path = async (): Promise<string> => file;
  const runner = new Runner({
    ...{ broker, log, bundles: { path }, contracts: new ContractCache(path) },
    ...{ metrics: new Metrics(), dir: scratch, socketDir: scratch, warm: 0, prefetch: 1 },
    ...{ drainMs: 5_000, stacks: true, responseMode: 'off' },
  });
  const route: Route = {
    ...{ host: null, basePath: '/', queue: 'check', name: 'check' },
    ...{ sha, revision: 1, props: {} },
  };
  try {
    const { missing } = await runner.check(route);
    return missing.map(({ operationId, mend }) => {
      return { in: 'handler', at: operationId, message: 'no such Func in the code', mend };
    });
  } finally {
    await runner.close();
    await broker.close();
  }
}
