/**
 * Every error the platform reports: one row a code. Callers identify an error by `code`, never by
 * its text. `docs/errors.md` lists the same rows; a test keeps the two equal.
 */
import type { Component, Headers, Issue, Problem } from './message.ts';

type Row = readonly [status: number, component: Component, title: string];

export const catalogue = {
  // frontend
  no_route: [404, 'frontend', 'No bundle is enabled for this host and path'],
  not_found: [404, 'contract', 'The contract has no such path'],
  method_not_allowed: [405, 'contract', 'The contract has no such method on this path'],
  bad_request: [400, 'frontend', 'The request cannot be understood'],
  bad_parameter: [400, 'contract', 'A parameter breaks the contract'],
  bad_body: [400, 'contract', 'The request body breaks the contract'],
  malformed_body: [400, 'contract', 'The request body cannot be parsed'],
  unsupported_media_type: [415, 'contract', 'The contract does not take this content type'],
  not_acceptable: [406, 'contract', 'The contract offers no content type that is accepted'],
  unauthorized: [401, 'contract', 'Authentication is required'],
  forbidden: [403, 'contract', 'The caller may not do this'],
  security_not_configured: [503, 'contract', 'A security scheme has no configuration'],
  security_unavailable: [503, 'contract', 'The identity provider cannot be reached'],
  body_too_large: [413, 'frontend', 'The request body is over the limit'],
  headers_too_large: [431, 'frontend', 'The request headers are over the limit'],
  uri_too_long: [414, 'frontend', 'The request URI is over the limit'],
  request_timeout: [408, 'frontend', 'The client took too long to send the request'],
  // broker
  queue_full: [503, 'broker', 'The queue is full'],
  broker_closed: [503, 'broker', 'The broker is closed'],
  broker_unavailable: [503, 'broker', 'The broker cannot be reached'],
  journal_failed: [503, 'broker', 'The call could not be made durable'],
  deadline_in_queue: [504, 'broker', 'The deadline passed while the call waited in the queue'],
  // runner
  deadline_in_runner: [504, 'runner', 'The deadline passed while the call waited for a worker'],
  worker_start_failed: [502, 'runner', 'No worker could be started for the bundle'],
  bundle_unavailable: [502, 'runner', 'The runner could not get the bundle'],
  runner_lost: [502, 'runner', 'The runner went away during the call'],
  direct_failed: [502, 'runner', 'The direct connection between frontend and runner failed'],
  upgrade_unsupported: [501, 'runner', 'The runtime does not speak the protocol asked for'],
  hops_exceeded: [508, 'runner', 'A chain of Funcs is too long'],
  then_failed: [502, 'runner', 'The next Func of the chain could not be called'],
  cancelled: [499, 'runner', 'The caller went away'],
  // func
  func_failed: [500, 'func', 'The Func failed'],
  func_timeout: [504, 'func', 'The Func did not answer before the deadline'],
  func_missing: [501, 'func', 'The bundle exports no such Func'],
  func_exited: [502, 'func', 'The worker exited during the call'],
  func_memory: [502, 'func', 'The worker went over its memory limit'],
  func_bad_result: [502, 'func', 'The Func returned something that is no response'],
  worker_protocol: [502, 'func', 'The worker broke the worker protocol'],
  response_broke_contract: [502, 'func', 'The response breaks the contract'],
  // bundle and contract documents
  bundle_invalid: [400, 'contract', 'The file is no bundle'],
  bundle_too_large: [413, 'contract', 'The bundle is over a limit'],
  contract_missing: [400, 'contract', 'The bundle has no contract'],
  contract_ambiguous: [400, 'contract', 'The bundle has more than one contract'],
  contract_invalid: [400, 'contract', 'The contract is invalid'],
  overlay_invalid: [400, 'contract', 'The overlay is invalid'],
  runtime_unsupported: [400, 'contract', 'The runtime is not supported'],
  handlers_missing: [400, 'contract', 'The code lacks Funcs the contract names'],
  build_failed: [400, 'cli', 'The bundle could not be built'],
  // asynchronous calls
  call_unknown: [404, 'tron', 'No asynchronous call has this id'],
  call_ended: [409, 'tron', 'The call has ended already'],
  callback_refused: [403, 'frontend', 'The callback URL is not allowed'],
  callback_failed: [502, 'tron', 'The callback was not accepted'],
  idempotency_conflict: [422, 'tron', 'The idempotency key was used for another request'],
  event_refused: [400, 'frontend', 'The event breaks the contract'],
  dead_letter_unknown: [404, 'tron', 'No dead letter has this id'],
  // tron
  tron_unavailable: [503, 'tron', 'No Tron answers'],
  bundle_unknown: [404, 'tron', 'No bundle has this SHA'],
  bundle_enabled: [409, 'tron', 'The bundle is enabled'],
  too_busy: [503, 'tron', 'The Tron does too much of this already'],
  route_unknown: [404, 'tron', 'Nothing is enabled there'],
  route_conflict: [409, 'tron', 'Another bundle is being enabled there'],
  scale_invalid: [400, 'tron', 'It cannot have so many workers'],
  nothing_to_roll_back: [409, 'tron', 'There is no earlier bundle to go back to'],
  token_invalid: [401, 'tron', 'The token is not valid'],
  token_unknown: [404, 'tron', 'No such token'],
  token_exists: [409, 'tron', 'A token has this name already'],
  store_failed: [507, 'tron', 'The store could not write'],
  enable_failed: [400, 'tron', 'The bundle could not be enabled'],
  props_invalid: [400, 'tron', 'The props are invalid'],
  message_version: [400, 'tron', 'A control message is of a version that is not known'],
  // functions by name (/system/functions)
  function_invalid: [400, 'tron', 'The function cannot be deployed like this'],
  function_unknown: [404, 'tron', 'No function has this name'],
  function_exists: [409, 'tron', 'The name is taken'],
  function_namespace_unknown: [404, 'tron', 'No namespace has this name'],
  function_namespace_conflict: [409, 'tron', 'The namespace is in use'],
  secret_invalid: [400, 'tron', 'The secret cannot be kept like this'],
  secret_missing: [400, 'tron', 'A secret that is named does not exist'],
  secret_unknown: [404, 'tron', 'No secret has this name'],
  secret_exists: [409, 'tron', 'There is a secret of this name already'],
  secret_unavailable: [503, 'runner', 'A secret cannot be had'],
  // cli and options
  option_invalid: [400, 'cli', 'An option is invalid'],
  address_in_use: [500, 'cli', 'The address is in use'],
  unreachable: [502, 'cli', 'The server cannot be reached'],
  call_refused: [502, 'cli', 'The call was refused'],
  scheme_unknown: [400, 'cli', 'No adapter serves this URL scheme'],
  dependency_missing: [500, 'cli', 'A package or program that is needed is not installed'],
  internal: [500, 'runner', 'Internal error'],
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof catalogue;

interface FaultOptions {
  cause?: unknown;
  errors?: Issue[];
  headers?: Headers;
  status?: number;
  component?: Component;
  /** The stack of the Func that failed, where whoever asked may see it (dev only). */
  funcStack?: string;
}

/** The one error class. `detail` says what was wrong, where, and what to do. */
export class FuncatronError extends Error {
  override name = 'FuncatronError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly component: Component;
  readonly title: string;
  readonly errors?: Issue[];
  readonly headers?: Headers;
  readonly funcStack?: string;

  constructor(code: ErrorCode, detail: string, options: FaultOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    const [status, component, title] = catalogue[code];
    this.code = code;
    this.status = options.status ?? status;
    this.component = options.component ?? component;
    this.title = title;
    if (options.errors) this.errors = options.errors;
    if (options.headers) this.headers = options.headers;
    if (options.funcStack) this.funcStack = options.funcStack;
  }

  /** The error as it travels in a message and as RFC 9457 shows it. */
  toProblem(): Problem {
    const problem: Problem = {
      code: this.code,
      status: this.status,
      title: this.title,
      detail: this.message,
      component: this.component,
    };
    if (this.errors) problem.errors = this.errors;
    if (this.headers) problem.headers = this.headers;
    if (this.funcStack) problem.stack = this.funcStack;
    return problem;
  }
}

/** The error that a problem from another process tells of. */
export function fromProblem(problem: Problem): FuncatronError {
  const { code, detail, status, component, errors, headers, stack } = problem;
  const known = Object.hasOwn(catalogue, code) ? (code as ErrorCode) : 'internal';
  const options: FaultOptions = { status, component };
  if (errors) options.errors = errors;
  if (headers) options.headers = headers;
  if (stack) options.funcStack = stack;
  return new FuncatronError(known, detail, options);
}

/** Whatever was thrown, as our error; an unknown one becomes `internal` with its cause kept. */
export function toFault(thrown: unknown): FuncatronError {
  if (thrown instanceof FuncatronError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new FuncatronError('internal', text, { cause: thrown });
}
