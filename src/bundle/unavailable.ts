import { FuncatronError } from '../errors.ts';

/** What says of an uploaded file that it is no bundle, and of an enabled one that it is damaged. */
const codes = new Set(['bundle_unknown', 'bundle_invalid', 'bundle_too_large', 'contract_missing']);

/**
 * What keeps an enabled bundle from being read, as its callers are told it: no fault of theirs, so
 * `bundle_unavailable`. Other errors stay as they are.
 */
export function asUnavailable(thrown: unknown, sha: string): unknown {
  if (thrown instanceof FuncatronError && !codes.has(thrown.code)) return thrown;
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  const detail = `bundle ${sha} cannot be read: ${why}; was its file changed? Upload it again`;
  return new FuncatronError('bundle_unavailable', detail, { cause: thrown });
}
