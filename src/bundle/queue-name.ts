import { createHash } from 'node:crypto';

/**
 * The queue of a host and base path: the first 16 letters and digits of the Base64 of the SHA-256
 * of `host;path`, as the first Funcatron named its queues. A null host is the empty string.
 */
export function queueName(host: string | null, basePath: string): string {
  const digest = createHash('sha256')
    .update(`${host ?? ''};${basePath}`)
    .digest('base64');
  return digest.replaceAll(/[+/=]/g, '').slice(0, 16);
}
