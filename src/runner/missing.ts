/** Code that lacks what its contract names. */
import { FuncatronError } from '../errors.ts';
import type { Assigned } from '../runtime/runtime.ts';

/** Throws `handlers_missing` with every Func that is not there. */
export function refuseMissing(assigned: Assigned): void {
  const missing = withoutRepeats(assigned);
  if (missing.length === 0) return;
  const names = missing.map((one) => one.operationId).join(', ');
  throw new FuncatronError('handlers_missing', `the code does not export ${names}`, {
    errors: missing.map(({ operationId, mend }) => {
      return { in: 'handler', at: operationId, message: 'no such Func in the code', mend };
    }),
  });
}

/** Several operations may have one Func, which is missing once. */
export function withoutRepeats({ missing }: Assigned): Assigned['missing'] {
  return [...new Map(missing.map((one) => [one.operationId, one])).values()];
}
