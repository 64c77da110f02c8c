/** What goes wrong with commands, and how it is told. */
import { ClientOfflineError, ErrorReply } from '@redis/client';
import { FuncatronError } from '../../errors.ts';
import type { RedisPlace } from './url.ts';

/** Whether the server itself refused a command; `code` is the first word it says. */
export function isRefusal(thrown: unknown, code = ''): boolean {
  return thrown instanceof ErrorReply && thrown.message.startsWith(code);
}

/** Whether the server surely never got the command. */
export function isUnsent(thrown: unknown): boolean {
  return thrown instanceof ClientOfflineError || isRefusal(thrown);
}

/** `broker_unavailable`, with the cause and without the password. */
export function unavailable({ shown }: RedisPlace, cause: unknown): FuncatronError {
  const why = isRefusal(cause)
    ? `the server says ${(cause as Error).message}${adviceOn(cause)}`
    : `it cannot be reached (${cause instanceof Error ? describe(cause) : String(cause)})`;
  return new FuncatronError('broker_unavailable', `--broker ${shown}: ${why}`, { cause });
}

function adviceOn(cause: unknown): string {
  const isLogin = isRefusal(cause, 'NOAUTH') || isRefusal(cause, 'WRONGPASS');
  return isLogin ? '; check user and password in --broker' : '';
}

/** A host with several addresses fails with one error for each. */
function describe(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map(String).join(', ');
  return error.message;
}

/** Why a call was not taken: at once, unless the server may take it when it is another. */
export function refusal({ shown }: RedisPlace, thrown: Error): FuncatronError {
  const detail = `--broker ${shown}: the server says ${thrown.message}`;
  const options = { cause: thrown, component: 'broker', status: 503 } as const;
  return new FuncatronError(isRefusal(thrown, 'OOM') ? 'queue_full' : 'internal', detail, options);
}
