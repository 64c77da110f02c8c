/**
 * The runner's side of the contract: what no door has marked is matched and checked here; every
 * response is checked, as strictly as the bundle or the runner says.
 */
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { BodyKind, Call, CallHead, Reply } from '../message.ts';
import type { CheckedBody, Contract, Operation } from '../openapi/contract.ts';
import type { Counter } from '../metrics.ts';

export interface CheckedCall {
  operation: Operation;
  kind: BodyKind;
  /** Parsed and coerced, for the kinds a worker cannot parse by itself. */
  data: unknown;
}

/**
 * Finds the operation; checks and fills in the head unless a door did so by this very contract.
 * `basePath` is the one it is enabled at, which need not be the contract's own.
 */
export function checkCall(contract: Contract, call: Call, basePath: string): CheckedCall {
  const { head } = call;
  const marked = head.checked === contract.id && head.kind !== undefined;
  const named = marked && head.operation ? contract.operation(head.operation) : undefined;
  const { operation, raw } = named
    ? { operation: named, raw: {} }
    : match(contract, head, basePath);
  if (marked && !needsData(head.kind!, call))
    return { operation, kind: head.kind!, data: call.data };
  if (!marked) head.params = operation.params(raw, head.query, head.headers);
  if (operation.isFallback) head.rest ??= relativePath(basePath, head.path) ?? '/';
  const checked = checkBody(operation, call);
  head.kind = checked.kind;
  head.operation = operation.key;
  head.checked = contract.id;
  return { operation, kind: checked.kind, data: checked.value };
}

/** A form that crossed a wire has lost its parsed value. */
function needsData(kind: BodyKind, call: Call): boolean {
  return (kind === 'form' || kind === 'multipart') && call.data === undefined;
}

/** The operation and its raw path values. Throws `not_found` or `method_not_allowed`. */
function match(contract: Contract, head: CallHead, basePath: string) {
  const path = relativePath(basePath, head.path);
  const found = path === undefined ? undefined : contract.match(head.method, path);
  if (found && 'operation' in found) return found;
  if (found)
    throw new FuncatronError('method_not_allowed', `${head.path} takes ${found.allow.join(', ')}`, {
      headers: { allow: found.allow.join(', ') },
    });
  throw new FuncatronError('not_found', `the contract has no path for ${head.path}`);
}

/** Undefined for a path that is not below the base path. */
function relativePath(basePath: string, path: string): string | undefined {
  if (basePath === '/') return path;
  if (path === basePath) return '/';
  return path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : undefined;
}

/** What comes as it comes is not checked: it is bytes. */
function checkBody(operation: Operation, call: Call): CheckedBody {
  const { body, head } = call;
  if (!(body instanceof Uint8Array)) {
    operation.kind(head.headers);
    return { kind: 'binary', value: undefined };
  }
  const checked = operation.body(head.headers, body);
  if (checked.bytes) call.body = checked.bytes;
  return checked;
}

export type ResponseMode = 'off' | 'report' | 'enforce';

export interface ReplyCheck {
  /** Of operations that say nothing themselves. */
  mode: ResponseMode;
  log: Log;
  breaks: Counter;
}

/** Checks a Func's response. Throws `response_broke_contract` when enforced; else says so. */
export function checkReply(
  operation: Operation,
  call: Call,
  reply: Reply,
  check: ReplyCheck,
): void {
  const mode = operation.settings.validate.response ?? check.mode;
  if (mode === 'off' || !operation.checksReplies) return;
  if (reply.head.error || !(reply.body instanceof Uint8Array)) return;
  const issues = operation.reply(reply.head.status, reply.head.headers, reply.body);
  if (!issues) return;
  check.breaks.add();
  if (mode === 'enforce')
    throw new FuncatronError(
      'response_broke_contract',
      `${operation.key} answered ${reply.head.status} with what its contract does not allow`,
      { errors: issues },
    );
  check.log.warn(
    { requestId: call.head.id, operation: operation.key, issues },
    'the response breaks the contract',
  );
}
