/** Host and base path: where a bundle is enabled. */
import { FuncatronError } from '../errors.ts';

export interface Place {
  /** Lower case, no port; null for any host. */
  host: string | null;
  basePath: string;
}

/** The host to bind: null or `*` is any. Throws `option_invalid` for what is no host name. */
export function readHost(host: string | null): string | null {
  if (host === null || host === '*' || host === '') return null;
  const name = host.toLowerCase();
  const label = '[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?';
  const isName = new RegExp(`^${label}(\\.${label})*$`).test(name) && name.length <= 253;
  if (isName || /^\[[0-9a-f:.]+\]$/.test(name)) return name;
  throw new FuncatronError(
    'option_invalid',
    `host "${host}": give a host name without scheme and port, such as api.example.com, or *`,
    { component: 'tron' },
  );
}

/** `/api` for `/api/`, `api` or `/api`. Throws `option_invalid` for what is no plain path. */
export function readBasePath(path: string): string {
  const trimmed = `/${path}`.replace(/^\/+/, '/').replace(/(?<=.)\/+$/, '');
  const segments = trimmed.slice(1).split('/');
  const isRoot = trimmed === '/';
  const plain = segments.every((segment) => /^[A-Za-z0-9._~!$&'()*+,;=:@%-]+$/.test(segment));
  const climbs = segments.some((segment) => /^(\.|%2e){1,2}$/i.test(segment));
  if (isRoot || (plain && !climbs)) return trimmed;
  throw new FuncatronError(
    'option_invalid',
    `base path "${path}": give a path such as /api/v1, without query, "..", or empty segments`,
    { component: 'tron' },
  );
}

/** How people read a place: `api.example.com/v1`, `*` for any host. */
export function showPlace({ host, basePath }: Place): string {
  return `${host ?? '*'}${basePath}`;
}
