/**
 * The part of a Tron that OpenFaaS's clients speak to: functions by name, each of them a bundle.
 * Frontends have the address; they hand `/system/*` on over the broker.
 */
import { FuncatronError } from '../../errors.ts';
import type { Body, Call, Reply } from '../../message.ts';
import type { LogRing } from '../log-ring.ts';
import type { Bundles } from '../bundles.ts';
import type { Counts } from '../counts.ts';
import type { Nodes } from '../nodes.ts';
import type { TronOptions } from '../option.ts';
import type { Placement } from '../placement.ts';
import type { RouteTable } from '../route-table.ts';
import type { Scaling } from '../scaling.ts';
import type { TronParts } from '../tron.ts';
import { jsonReply } from '../call-view.ts';
import { Credentials } from './credential.ts';
import { findEndpoint } from './endpoint.ts';
import type { GatewayEndpoints } from './endpoint.ts';
import { deployEndpoints, FunctionDeploys } from './function-deploy.ts';
import { FunctionList, listEndpoints } from './function-list.ts';
import { logEndpoints } from './function-log.ts';
import type { Catalogue } from './image.ts';
import { infoEndpoints } from './info.ts';
import { namespaceEndpoints, Namespaces } from './namespace.ts';
import { scaleEndpoints } from './scale.ts';
import { secretEndpoints } from './secret.ts';
import type { Vault } from './secret-vault.ts';

export interface GatewayParts extends Pick<TronParts, 'store' | 'log'> {
  bundles: Bundles;
  placement: Placement;
  table: RouteTable;
  nodes: Nodes;
  ring: LogRing;
  scaling: Scaling;
  counts: Counts;
  vault: Vault;
  options: TronOptions;
}

/** What anybody may ask for; `/internal/` is for frontends, which hand on no such path. */
const open = new Set(['/store.json', '/internal/replicas']);

export class Gateway {
  readonly #endpoints: GatewayEndpoints;
  readonly #credentials: Credentials;
  readonly #bodyMax: number;

  constructor(parts: GatewayParts, catalogue: Catalogue) {
    const { store, ring, options } = parts;
    const functions = new FunctionList(parts);
    const namespaces = new Namespaces(store);
    const deploys = new FunctionDeploys({ ...parts, functions, namespaces, catalogue });
    this.#bodyMax = options.bodyMax;
    this.#credentials = new Credentials(store, options.basicAuth);
    this.#endpoints = {
      ...listEndpoints(functions, parts.counts),
      ...deployEndpoints(deploys),
      ...logEndpoints(functions, ring),
      ...scaleEndpoints(functions, parts.scaling),
      'POST /internal/replicas': async () => jsonReply(200, await functions.replicas()),
      ...secretEndpoints(parts.vault, namespaces),
      ...namespaceEndpoints(namespaces, async (name) => (await functions.list(name)).length),
      ...infoEndpoints(catalogue),
    };
  }

  async answer(call: Call): Promise<Reply> {
    const { head, body } = call;
    const path = head.path.slice('/gateway'.length);
    const refusal = open.has(path) ? undefined : await this.#credentials.refuse(head);
    if (refusal) return refusal;
    const method = head.method === 'HEAD' ? 'GET' : head.method;
    const found = findEndpoint(this.#endpoints, method, path);
    if (Array.isArray(found)) throw notThere(head.method, path, found);
    const { run, name } = found;
    const query = new URLSearchParams(head.query);
    return run({ method, name, query, body: await whole(body, this.#bodyMax), call });
  }
}

/** A large body comes past the broker, in chunks. Rejects with `body_too_large`. */
async function whole(body: Body, bytesMax: number): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      const detail = `the body is over ${bytesMax} bytes (--body-max)`;
      throw new FuncatronError('body_too_large', detail, { component: 'tron' });
    }
    // Whose memory it is may take it back.
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}

function notThere(method: string, path: string, allow: readonly string[]): FuncatronError {
  if (allow.length === 0)
    return new FuncatronError('not_found', `there is no ${path} here`, { component: 'tron' });
  const names = allow.join(', ');
  const detail = `${path} takes ${names}, not ${method}`;
  const more = { headers: { allow: names }, component: 'tron' } as const;
  return new FuncatronError('method_not_allowed', detail, more);
}
