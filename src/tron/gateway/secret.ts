/** Secrets as OpenFaaS's clients administer them; a value is taken, and never told. */
import { FuncatronError } from '../../errors.ts';
import { jsonReply } from '../call-view.ts';
import type { GatewayEndpoints, GatewayRequest } from './endpoint.ts';
import { defaultNamespace } from './name.ts';
import type { Namespaces } from './namespace.ts';
import type { SecretName, Vault } from './secret-vault.ts';

interface Given {
  secret: SecretName;
  value: Uint8Array;
}

export function secretEndpoints(vault: Vault, namespaces: Namespaces): GatewayEndpoints {
  return {
    'GET /system/secrets': async ({ query }) => {
      const namespace = query.get('namespace') || defaultNamespace;
      await namespaces.assertKnown(namespace);
      const names = await vault.list(namespace);
      return jsonReply(
        200,
        names.map((name) => ({ name, namespace })),
      );
    },
    'POST /system/secrets': async (request) => {
      const { secret, value } = readSecret(request);
      await namespaces.assertKnown(secret.namespace);
      await vault.create(secret, value);
      return jsonReply(202, undefined);
    },
    'PUT /system/secrets': async (request) => {
      const { secret, value } = readSecret(request);
      await vault.update(secret, value);
      return jsonReply(202, undefined);
    },
    'DELETE /system/secrets': async (request) => {
      await vault.remove(readSecret(request).secret);
      return jsonReply(202, undefined);
    },
  };
}

/** What is wrong with it is said without quoting it. */
function readSecret({ body, query }: GatewayRequest): Given {
  const { name, namespace, value, rawValue } = parse(body);
  if (typeof name !== 'string' || name === '') throw invalid('name is missing');
  for (const [key, text] of Object.entries({ namespace, value, rawValue }))
    if (text != null && typeof text !== 'string') throw invalid(`${key} must be a text`);
  const secret = {
    name,
    namespace: String(namespace || query.get('namespace') || defaultNamespace),
  };
  // Only what was given in Base64 is exact: clients trim the other.
  if (typeof rawValue !== 'string' || rawValue === '')
    return { secret, value: Buffer.from(String(value ?? '')) };
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(rawValue)) throw invalid('rawValue is no Base64');
  return { secret, value: Buffer.from(rawValue, 'base64') };
}

function parse(body: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString());
  } catch {
    throw invalid('the body is no JSON');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw invalid('the body is JSON, but no object');
}

function invalid(detail: string): FuncatronError {
  return new FuncatronError('secret_invalid', detail);
}
