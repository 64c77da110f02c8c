/** Secrets from a Tron, as bundles are fetched: over HTTP, with the key that it tells its nodes. */
import { readFound, secretsPath, writeWants } from '../control/secret-wire.ts';
import type { SecretFound, SecretWant } from '../control/secret-wire.ts';
import { fetchKeyHeader } from '../control/tron-list.ts';
import { FuncatronError } from '../errors.ts';
import type { BundleHost } from './bundle-fetch.ts';

const timeoutMs = 10_000;

/** From the first of the hosts that answers. Rejects with `secret_unavailable`, naming each. */
export async function fetchSecrets(
  wants: readonly SecretWant[],
  hosts: readonly BundleHost[],
): Promise<SecretFound[]> {
  const failures: string[] = [];
  for (const { url, fetchKey } of hosts) {
    try {
      const response = await fetch(`${url.replace(/\/$/, '')}${secretsPath}?${writeWants(wants)}`, {
        headers: { [fetchKeyHeader]: fetchKey },
        signal: AbortSignal.timeout(timeoutMs),
        redirect: 'error',
      });
      const text = await response.text();
      if (response.status === 200) return readFound(text);
      const [, detail] = /"detail": *("(?:[^"\\]|\\.)*")/.exec(text) ?? [];
      failures.push(`${url} answers ${response.status} ${detail ? JSON.parse(detail) : ''}`.trim());
    } catch (thrown) {
      const { message, cause } = thrown as Error;
      failures.push(`${url}: ${(cause as Error | undefined)?.message ?? message}`);
    }
  }
  const why = failures.length > 0 ? failures.join('; ') : 'no Tron was heard of';
  throw new FuncatronError('secret_unavailable', `secrets cannot be fetched: ${why}`);
}
