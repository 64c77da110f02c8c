import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FuncatronError } from '../errors.ts';
import type { BasicAuth } from '../tron/gateway/credential.ts';

/** Where OpenFaaS has its secrets when no variable says otherwise. */
const usualFolder = '/run/secrets';

/**
 * The user and password in the folder of `--basic-auth`, or in that of OpenFaaS's own variables
 * (`basic_auth`, `secret_mount_path`); undefined for none. Throws `option_invalid`.
 */
export function readBasicAuth(
  folder: string,
  env: Record<string, string | undefined>,
): BasicAuth | undefined {
  const isAsked = /^(true|1)$/i.test(env['basic_auth'] ?? '');
  const dir = folder || (isAsked ? env['secret_mount_path'] || usualFolder : '');
  if (dir === '') return undefined;
  const read = (name: string): string => {
    try {
      const text = readFileSync(join(dir, name), 'utf8').trim();
      if (text !== '') return text;
      throw new Error(`${name} is empty`);
    } catch (cause) {
      const detail = `--basic-auth ${dir}: ${(cause as Error).message}`;
      throw new FuncatronError('option_invalid', detail, { cause });
    }
  };
  return { user: read('basic-auth-user'), password: read('basic-auth-password') };
}
