/**
 * The runner's side of the contract: what no door has marked is matched and checked here; every
 * response is checked, as strictly as the bundle or the runner says.
 */
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';
import { empty } from '../message.ts';
import type { BodyKind, Call, Reply } from '../message.ts';
import type { Contract, Operation } from '../openapi/contract.ts';
import type { Counter } from '../metrics.ts';

export interface CheckedCall {
  operation: Operation;
  kind: BodyKind;
  /** Parsed and coerced, for the kinds a worker cannot parse by itself. */
  data: unknown;
}

/** Finds the operation; checks and fills in the head unless a door did so by this very contract. */
export function checkCall(contract: Contract, call: Call): CheckedCall {
  const { head } = call;
  const operation = findOperation(contract, call);
  const marked = head.checked === contract.id && head.kind !== undefined;
  if (marked && !needsData(head.kind!, call))
    return { operation, kind: head.kind!, data: call.data };
  if (!marked) head.params = operation.params(rawParams(contract, call), head.query, head.headers);
  const checked = operation.body(head.headers, wholeBody(call));
  if (checked.bytes) call.body = checked.bytes;
  head.kind = checked.kind;
  head.operation = operation.key;
  head.checked = contract.id;
  return { operation, kind: checked.kind, data: checked.value };
}

/** A form that crossed a wire has lost its parsed value. */
function needsData(kind: BodyKind, call: Call): boolean {
  return (kind === 'form' || kind === 'multipart') && call.data === undefined;
}

function findOperation(contract: Contract, call: Call): Operation {
  const { head } = call;
  const marked = head.checked === contract.id && head.operation !== undefined;
  const named = marked ? contract.operation(head.operation!) : undefined;
  if (named) return named;
  const match = contract.match(head.method, relativePath(contract, head.path));
  if (match && 'operation' in match) return match.operation;
  if (match)
    throw new FuncatronError('method_not_allowed', `${head.path} takes ${match.allow.join(', ')}`, {
      headers: { allow: match.allow.join(', ') },
    });
  throw new FuncatronError('not_found', `the contract has no path for ${head.path}`);
}

function rawParams(contract: Contract, call: Call): Record<string, string | undefined> {
  const match = contract.match(call.head.method, relativePath(contract, call.head.path));
  return match && 'operation' in match ? match.raw : {};
}

function relativePath(contract: Contract, path: string): string {
  const { basePath } = contract;
  if (basePath === '/') return path;
  return path.startsWith(basePath) ? path.slice(basePath.length) || '/' : path;
}

/** Streams are not checked: their kind is binary by the time they reach a queue. */
function wholeBody(call: Call): Uint8Array {
  return call.body instanceof Uint8Array ? call.body : empty;
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
