/** Chains (`x-funcatron.then`): the result of one Func becomes the request of the next. */
import { publishAsync } from '../async-call.ts';
import type { Publisher } from '../async-call.ts';
import { FuncatronError } from '../errors.ts';
import type { Call, Headers, Reply, Route } from '../message.ts';
import type { Contract, ContractSource, Operation } from '../openapi/contract.ts';
import { callOperation } from '../openapi/operation-call.ts';
import { operationById } from '../openapi/trigger.ts';

export interface SuccessorOptions {
  broker: Publisher;
  contracts: ContractSource;
  /** All that is enabled, as far as the runner knows. */
  routes: () => Route[];
  /** Funcs that may follow one another (`--hops-max`). */
  hopsMax: number;
}

interface From {
  route: Route;
  contract: Contract;
  operation: Operation;
}

/** What of a call's headers goes with its chain: the trace (W3C Trace Context, Baggage). */
const traceHeaders = ['traceparent', 'tracestate', 'baggage'];
const originHeader = 'x-funcatron-origin';

export class Successors {
  readonly #options: SuccessorOptions;

  constructor(options: SuccessorOptions) {
    this.#options = options;
  }

  /**
   * Has the next Func called with a good reply of this one. Resolves once that call is durable.
   * Rejects with `hops_exceeded`, or `then_failed` when there is no next Func, it cannot take the
   * result, or the call could not be published.
   */
  async handOn(from: From, call: Call, { head, body }: Reply): Promise<void> {
    const { then } = from.operation.settings;
    if (then === undefined || head.status >= 300) return;
    const hops = (call.head.hops ?? 0) + 1;
    const { hopsMax, broker } = this.#options;
    if (hops > hopsMax) throw tooMany(from.operation, hopsMax);
    if (!(body instanceof Uint8Array)) throw failed(from, then, 'its result is a stream');
    try {
      const next = await this.#find(from, then);
      const headers = headersOf(call, head.headers);
      const given = { by: 'chain', headers, body, hops, auth: call.head.auth };
      const work = callOperation(next.contract, next.route, next.operation, given);
      await publishAsync(broker, work);
    } catch (thrown) {
      if (thrown instanceof FuncatronError && thrown.code === 'then_failed') throw thrown;
      throw failed(from, then, thrown instanceof Error ? thrown.message : String(thrown), thrown);
    }
  }

  async #find(from: From, then: string): Promise<From> {
    const [name, bundle] = then.split('#').toReversed() as [string, string?];
    const isOwn = bundle === undefined || bundle === from.route.name;
    const route = isOwn ? from.route : this.#options.routes().find((one) => one.name === bundle);
    if (!route) throw failed(from, then, `no bundle ${bundle} is enabled`);
    const contract = isOwn ? from.contract : await this.#options.contracts.get(route);
    const operation = operationById(contract, name);
    if (!operation) throw failed(from, then, `bundle ${route.name} has no operation ${name}`);
    return { route, contract, operation };
  }
}

function headersOf({ head }: Call, reply: Headers): Headers {
  const headers: Headers = { [originHeader]: head.headers[originHeader] ?? head.id };
  for (const name of traceHeaders)
    if (head.headers[name] !== undefined) headers[name] = head.headers[name];
  if (reply['content-type'] !== undefined) headers['content-type'] = reply['content-type'];
  return headers;
}

function tooMany({ operationId }: Operation, hopsMax: number): FuncatronError {
  const detail = `${operationId} is the end of a chain of ${hopsMax} Funcs (--hops-max): its x-funcatron.then is not followed`;
  return new FuncatronError('hops_exceeded', detail);
}

function failed({ operation }: From, then: string, why: string, cause?: unknown): FuncatronError {
  const detail = `${then} was not called with the result of ${operation.operationId}: ${why}`;
  return new FuncatronError('then_failed', detail, { cause });
}
