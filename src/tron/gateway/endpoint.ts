/** One operation of the face that OpenFaaS's clients know, asked for over the broker. */
import { FuncatronError } from '../../errors.ts';
import type { Call, Reply } from '../../message.ts';

export interface GatewayRequest {
  method: string;
  /** What the path says beyond the endpoint's own, decoded: a name; empty for none. */
  name: string;
  query: URLSearchParams;
  body: Uint8Array;
  /** The call that asked: it is cancelled when its client goes away. */
  call: Call;
}

export type GatewayEndpoint = (request: GatewayRequest) => Reply | Promise<Reply>;

/** By method and path, such as `GET /system/functions`; one that ends with a slash takes a name. */
export type GatewayEndpoints = Record<string, GatewayEndpoint>;

export interface FoundEndpoint {
  run: GatewayEndpoint;
  name: string;
}

/** The endpoint of a request, or the methods that its path has; none: there is no such path. */
export function findEndpoint(
  endpoints: GatewayEndpoints,
  method: string,
  path: string,
): FoundEndpoint | string[] {
  const allow: string[] = [];
  for (const [key, run] of Object.entries(endpoints)) {
    const [verb, own] = key.split(' ') as [string, string];
    const name = nameIn(own, path);
    if (name === undefined) continue;
    if (verb === method) return { run, name };
    allow.push(verb);
  }
  return allow;
}

function nameIn(own: string, path: string): string | undefined {
  if (path === own) return '';
  if (!own.endsWith('/') || !path.startsWith(own)) return undefined;
  const name = decodeURIComponent(path.slice(own.length));
  return name.includes('/') ? undefined : name;
}

/** The object that a body is. Throws `function_invalid`. */
export function readJson({ body }: Pick<GatewayRequest, 'body'>): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString());
  } catch (cause) {
    const why = body.length === 0 ? 'it is empty' : (cause as Error).message;
    throw new FuncatronError('function_invalid', `the body is no JSON: ${why}`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new FuncatronError('function_invalid', 'the body is JSON, but no object');
}
