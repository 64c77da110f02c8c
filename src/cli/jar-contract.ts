/** The contract that the code of a JAR gives, asked on this machine as a runner would. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContractFile } from '../bundle/read.ts';
import { asContractFile } from '../bundle/ready.ts';
import { FuncatronError, toFault } from '../errors.ts';
import { createLog } from '../log.ts';
import { describeJar } from '../runner/describe.ts';

/** Rejects with `contract_missing`, `worker_start_failed` or `dependency_missing`. */
export async function askJar(path: string, sha: string): Promise<ContractFile> {
  // Short: a socket's path is.
  const dir = await mkdtemp(join(tmpdir(), 'fn-'));
  try {
    const log = createLog({ level: 'silent' });
    return asContractFile(await describeJar(sha, path, { dir, socketDir: dir, log }));
  } catch (thrown) {
    throw retell(toFault(thrown), path);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** What the JAR has not, and what to do about that on this machine. */
function retell(fault: FuncatronError, path: string): FuncatronError {
  const detail = `${path} has no contract`;
  switch (fault.code) {
    case 'dependency_missing':
      return new FuncatronError(
        'dependency_missing',
        `${detail}, and its code cannot be asked for one here: ${fault.message}. A Tron whose runners ` +
          'have Java takes it as it is: curl --data-binary @app.jar http://tron:3000/api/v1/add_func',
        { cause: fault },
      );
    case 'worker_start_failed':
      return new FuncatronError(
        'contract_missing',
        `${detail}, and its code gave none: ${fault.message}; mend that, or add funcatron.yaml to its class path`,
        { cause: fault },
      );
    default:
      return fault;
  }
}
