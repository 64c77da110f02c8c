/** What of a contract is called by more than requests. */
import type { Trigger } from '../message.ts';
import type { Contract } from './contract.ts';

/** Undefined where only requests call anything. */
export function triggersOf({ operations }: Contract): Trigger[] | undefined {
  const triggers = operations.flatMap(({ key, settings: { on, schedule } }): Trigger[] =>
    on || schedule ? [{ operation: key, ...(on && { on }), ...(schedule && { schedule }) }] : [],
  );
  return triggers.length > 0 ? triggers : undefined;
}

/** The operation with an operationId. */
export function operationById({ operations }: Contract, operationId: string) {
  return operations.find((operation) => operation.operationId === operationId);
}
