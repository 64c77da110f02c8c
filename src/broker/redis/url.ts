/** How a Redis server is named: `redis://[[user]:password@]host[:6379][/database]`, or `rediss:`. */
import { readFile } from 'node:fs/promises';
import { FuncatronError } from '../../errors.ts';

const portDefault = 6379;

export interface RedisPlace {
  /** Without what is secret. */
  shown: string;
  host: string;
  port: number;
  username?: string;
  password?: string;
  database: number;
  /** Undefined for a connection in the clear. */
  tls?: { ca?: string; cert?: string; key?: string };
}

/**
 * Reads the URL; the options of `rediss:` are names of PEM files: `ca` for who signed the server's
 * certificate, `cert` and `key` for a certificate of ours. Throws `option_invalid`.
 */
export async function readRedisUrl(url: URL): Promise<RedisPlace> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = Number(url.port || portDefault);
  const shown = `${url.protocol}//${url.hostname}:${port}${url.pathname}`;
  if (!host) throw invalid(shown, 'it names no host');
  if (!/^\/?\d{0,4}$/.test(url.pathname))
    throw invalid(shown, 'its path is the number of a database, such as /1');
  const place: RedisPlace = { shown, host, port, database: Number(url.pathname.slice(1)) };
  if (url.username) place.username = decodeURIComponent(url.username);
  if (url.password) place.password = decodeURIComponent(url.password);
  const isSecure = url.protocol === 'rediss:';
  const known = isSecure ? (['ca', 'cert', 'key'] as const) : [];
  const tls: NonNullable<RedisPlace['tls']> = {};
  for (const [name, file] of url.searchParams) {
    const option = known.find((one) => one === name);
    if (!option) throw invalid(shown, `no option "${name}"; rediss: has ca, cert and key`);
    tls[option] = await readFile(file, 'utf8').catch((cause: unknown) => {
      throw invalid(shown, `${name} ${file} cannot be read`, cause);
    });
  }
  if (isSecure) place.tls = tls;
  return place;
}

function invalid(shown: string, why: string, cause?: unknown): FuncatronError {
  return new FuncatronError('option_invalid', `--broker ${shown}: ${why}`, { cause });
}
