/** Requests about methods: preflights, OPTIONS, and methods a path does not have. */
import { FuncatronError } from '../errors.ts';
import { empty } from '../message.ts';
import { answerOwn } from './answer.ts';
import { preflightHeaders } from './cors.ts';
import type { Exchange } from './exchange.ts';

/** Answers a preflight by the settings of the operation it asks for. */
export function answerPreflight(x: Exchange, path: string): false {
  const asked = String(x.headers['access-control-request-method']);
  const match = x.contract.match(asked, path);
  if (!match) throw new FuncatronError('not_found', `the contract has no path ${path}`);
  let methods = [asked];
  if ('operation' in match) x.cors = x.entry!.corsOf(match.operation.settings);
  else methods = match.allow;
  const headers = x.cors ? preflightHeaders(x.cors, x.headers, methods) : [];
  answerOwn(x, 204, headers, empty);
  return false;
}

/** Answers for a path that has other methods: what they are to OPTIONS, else 405. */
export function answerMethods(x: Exchange, allow: readonly string[]): false {
  const header = allow.join(', ');
  if (x.method === 'OPTIONS') {
    answerOwn(x, 204, ['allow', header], empty);
    return false;
  }
  throw methodNotAllowed(x, allow);
}

export function methodNotAllowed(x: Exchange, allow: readonly string[]): FuncatronError {
  const header = allow.join(', ');
  const detail = `${x.path} takes ${header}, not ${x.method}`;
  return new FuncatronError('method_not_allowed', detail, { headers: { allow: header } });
}
