/** A call of an operation that comes from no request: from a schedule, an event or a chain. */
import type { AsyncWork } from '../async-call.ts';
import { newCallId } from '../async-call.ts';
import { empty } from '../message.ts';
import type { Call, CallHead, Headers, Identity, Route } from '../message.ts';
import type { Contract, Operation } from './contract.ts';

export interface OperationCall {
  /** What calls: `schedule`, `event` or `chain`; the scheme of its request. */
  by: string;
  headers?: Headers;
  body?: Uint8Array;
  /** Default: a new one. */
  id?: string;
  hops?: number;
  auth?: Identity | undefined;
}

/**
 * The asynchronous call of an operation, checked as the door checks requests, and where it goes.
 * Who may call is not asked: whoever sets a schedule, binds a queue or chains Funcs may. Throws
 * `bad_parameter`, `malformed_body`, `bad_body` or `unsupported_media_type`.
 */
export function callOperation(
  contract: Contract,
  route: Route,
  operation: Operation,
  given: OperationCall,
): AsyncWork {
  const { body = empty } = given;
  const call = uncheckedCall(route, operation, given);
  const { head } = call;
  head.params = operation.params({}, '', head.headers);
  const checked = operation.body(head.headers, body);
  call.body = checked.bytes ?? body;
  head.kind = checked.kind;
  head.checked = contract.id;
  return { queue: route.queue, bundle: route.name, call };
}

/** The same call with nothing checked: who takes it has to. */
export function uncheckedCall(route: Route, operation: Operation, given: OperationCall): Call {
  const { by, headers = {}, body = empty, id = newCallId(), hops, auth } = given;
  const { key, method, template, settings } = operation;
  const now = Date.now();
  const head: CallHead = {
    ...{ v: 1, action: 'call', id, method, scheme: by, host: route.host ?? '' },
    path: (route.basePath === '/' ? '' : route.basePath) + template,
    ...{ query: '', headers, remote: '', deadline: now + settings.timeoutMs, operation: key },
    async: { acceptedAt: now, tries: 0, ...(settings.retry && { retry: settings.retry }) },
  };
  if (operation.isFallback) head.rest = template;
  if (hops !== undefined) head.hops = hops;
  if (auth) head.auth = auth;
  return { head, body };
}
