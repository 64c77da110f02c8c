/**
 * The contract of a JAR that has none, asked of a runner: the Tron runs no code of bundles. One is
 * enough; the next is asked when it cannot tell.
 */
import type { ContractFile } from '../bundle/read.ts';
import { asContractFile } from '../bundle/ready.ts';
import { FuncatronError, fromProblem } from '../errors.ts';
import type { Problem } from '../message.ts';
import type { Nodes } from './nodes.ts';

const mend =
  'add funcatron.yaml to the root of its class path, or put what its code gives into it where ' +
  'there is Java: funcatron build app.jar -o bundle.jar';

/**
 * Asks the live runners one after the other, so long in total. Rejects with `contract_missing`, which says
 * why, or with `bundle_too_large` for a contract that is.
 */
export async function askContract(
  nodes: Pick<Nodes, 'live' | 'askOne'>,
  sha: string,
  timeoutMs: number,
): Promise<ContractFile> {
  const endsAt = Date.now() + timeoutMs;
  const failures: string[] = [];
  for (const runner of nodes.live('runner')) {
    const leftMs = endsAt - Date.now();
    if (leftMs <= 0) break;
    const ack = await nodes.askOne(runner, 'describe', [{ sha }], leftMs);
    if (ack.ok && ack.contract) return asContractFile(ack.contract);
    if (ack.error) refuse(ack.error);
    const why = ack.error?.detail ?? 'gave no contract';
    failures.push(ack.silent ? `${why} (--enable-timeout)` : `runner ${runner.id}: ${why}`);
  }
  const why = failures.length > 0 ? failures.join('; ') : 'no runner is alive';
  const detail = `the JAR has no contract, and no runner could ask its code for one: ${why}`;
  throw new FuncatronError('contract_missing', `${detail}; ${mend}`);
}

/** Throws what asking another runner would not mend: what is wrong with the JAR itself. */
function refuse(problem: Problem): void {
  const fault = fromProblem(problem);
  if (fault.code === 'bundle_too_large' || fault.code === 'contract_missing') throw fault;
  if (fault.code !== 'worker_start_failed') return;
  const mend = 'mend that, or add funcatron.yaml to the root of its class path';
  const detail = `the JAR has no contract, and its code gave none: ${fault.message}; ${mend}`;
  throw new FuncatronError('contract_missing', detail);
}
