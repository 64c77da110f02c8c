/** Cross-origin access (CORS protocol of the Fetch standard), answered at the door. */
import type { Headers } from '../message.ts';
import type { Settings } from '../openapi/settings.ts';

/** Who may call from a browser: a bundle's own word, or the installation's. */
export type Cors = Exclude<NonNullable<Settings['cors']>, false>;

/** Whether a request is a preflight: browsers send one before the request it asks for. */
export function isPreflight(method: string, headers: Headers): boolean {
  return (
    method === 'OPTIONS' &&
    headers['origin'] !== undefined &&
    headers['access-control-request-method'] !== undefined
  );
}

/** Headers, name and value in turn, of any answer where cross-origin access is configured. */
export function corsHeaders(cors: Cors, headers: Headers): string[] {
  const out = ['vary', 'origin'];
  const origin = headers['origin'];
  if (typeof origin !== 'string' || !isWelcome(cors, origin)) return out;
  out.push('access-control-allow-origin', cors.origins.includes('*') ? '*' : origin);
  if (cors.credentials) out.push('access-control-allow-credentials', 'true');
  out.push('access-control-expose-headers', ['x-request-id', ...(cors.expose ?? [])].join(', '));
  return out;
}

/** Headers a preflight answer has beside those; none when the origin may not call. */
export function preflightHeaders(
  cors: Cors,
  headers: Headers,
  methods: readonly string[],
): string[] {
  if (!isWelcome(cors, String(headers['origin']))) return [];
  const out = ['access-control-allow-methods', methods.join(', ')];
  const allowed = cors.headers?.join(', ') ?? headers['access-control-request-headers'];
  if (typeof allowed === 'string' && allowed !== '')
    out.push('access-control-allow-headers', allowed);
  if (cors.maxAgeMs !== undefined)
    out.push('access-control-max-age', String(Math.floor(cors.maxAgeMs / 1000)));
  return out;
}

function isWelcome(cors: Cors, origin: string): boolean {
  return cors.origins.includes('*') || cors.origins.includes(origin);
}
