/**
 * From an HTTP request to an operation of the Tron's contract and back: the same engine that
 * matches and checks calls of bundles serves the platform itself.
 */
import type { IncomingMessage } from 'node:http';
import { readWants, secretsPath, writeFound } from '../control/secret-wire.ts';
import type { SecretSource } from '../control/secret-wire.ts';
import { FuncatronError, toFault } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Headers } from '../message.ts';
import type { Contract, Operation } from '../openapi/contract.ts';
import type { Store } from '../store/store.ts';
import { json, nothing, problem } from './answer.ts';
import type { Answer } from './answer.ts';
import { docs } from './docs.ts';
import type { Endpoint, Endpoints } from './endpoint.ts';
import { assertMayCall, mayFetch } from './guard.ts';

export interface ApiParts {
  store: Store;
  endpoints: Endpoints;
  log: Log;
  /** Bytes of a body that the contract checks (`--body-max`). */
  bodyMax: number;
  /** Opens bundle files and secrets to nodes. */
  fetchKey: string;
  vault: SecretSource;
  /** Takes builds, which are signed; undefined where none can be made. */
  gateway: { build(request: IncomingMessage): Promise<Answer | undefined> };
}

interface Matched {
  operation: Operation;
  raw: Record<string, string | undefined>;
}

export class Api {
  readonly #parts: ApiParts;
  #contract: Promise<Contract> | undefined;

  constructor(parts: ApiParts) {
    this.#parts = parts;
  }

  /** The Tron's contract, loaded at the first request: starting does not wait for it. */
  contract(): Promise<Contract> {
    return (this.#contract ??= loadTronContract());
  }

  async answer(request: IncomingMessage): Promise<Answer> {
    const [path, query] = splitTarget(request.url ?? '/');
    try {
      if (path === '/healthz' && isRead(request)) return json(200, { status: 'ok' });
      const isDocs = path === '/docs' || path.startsWith('/docs/');
      const { store, fetchKey, vault, gateway } = this.#parts;
      const built = path === '/build' && (await gateway.build(request));
      if (built) return built;
      const isFetch = mayFetch(request, path, fetchKey);
      if (path === secretsPath && isFetch)
        return json(200, writeFound(await vault.read(readWants(query))));
      if (!isFetch) await assertMayCall(store, request, isDocs);
      if (isDocs) return isRead(request) ? await docs(path) : nothing(405);
      const found = (await this.contract()).match(verbOf(request), path);
      // The first Funcatron's answer to what it does not know.
      if (!found) return nothing(404);
      if ('allow' in found) return notAllowed(request, path, found.allow);
      return await this.#run(found, query, request);
    } catch (thrown) {
      return problem(this.#fault(thrown, request));
    }
  }

  async #run(matched: Matched, query: string, request: IncomingMessage): Promise<Answer> {
    const { operation, raw } = matched;
    const endpoint = this.#parts.endpoints[operation.operationId]!;
    try {
      const headers = request.headers as Headers;
      const params = operation.params(raw, query, headers);
      const body = await this.#body(operation, endpoint, request);
      return await endpoint.run({ params, body, request });
    } catch (thrown) {
      const fault = this.#fault(thrown, request);
      return endpoint.refuse?.(fault) ?? problem(fault);
    }
  }

  async #body(operation: Operation, { streams }: Endpoint, request: IncomingMessage) {
    if (streams || operation.method === 'GET' || operation.method === 'DELETE') return undefined;
    const bytes = await readBody(request, this.#parts.bodyMax);
    return operation.body(request.headers as Headers, bytes).value;
  }

  #fault(thrown: unknown, request: IncomingMessage): FuncatronError {
    const { method, url } = request;
    const fault = toFault(thrown);
    if (request.destroyed && !request.complete)
      this.#parts.log.debug({ err: thrown, method, url }, 'the client went away');
    else if (fault.code === 'internal')
      this.#parts.log.error({ err: thrown, method, url }, fault.message);
    else if (fault.status >= 500)
      this.#parts.log.warn({ method, url, code: fault.code }, fault.message);
    return fault;
  }
}

async function loadTronContract(): Promise<Contract> {
  const [{ loadContract }, { tronDocument }] = await Promise.all([
    import('../openapi/load.ts'),
    import('./document.ts'),
  ]);
  const source = { file: 'tron/document.ts', text: JSON.stringify(tronDocument) };
  return loadContract(source, { id: 'tron' });
}

function splitTarget(target: string): [path: string, query: string] {
  const at = target.indexOf('?');
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
}

function isRead({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Whatever can be read can be asked for its head. */
function verbOf({ method = 'GET' }: IncomingMessage): string {
  return method === 'HEAD' ? 'GET' : method;
}

function notAllowed({ method }: IncomingMessage, path: string, methods: string[]): Answer {
  const allow = methods.join(', ');
  if (method === 'OPTIONS') return { ...nothing(204), headers: { allow } };
  const detail = `${path} takes ${allow}, not ${method}`;
  const fault = { headers: { allow }, component: 'tron' } as const;
  return problem(new FuncatronError('method_not_allowed', detail, fault));
}

async function readBody(request: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const tooLarge = (): FuncatronError =>
    new FuncatronError('body_too_large', `the body is over ${bytesMax} bytes (--body-max)`, {
      component: 'tron',
    });
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge();
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
