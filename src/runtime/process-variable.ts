/**
 * What a program of the `process` runtime is told of its call, as environment variables: the
 * names of OpenFaaS's classic watchdog, and FUNCATRON_* for what that never knew.
 * `docs/process.md` lists them.
 */
import { FuncatronError } from '../errors.ts';
import type { Headers, Params } from '../message.ts';
import { canonicalName } from '../watchdog/go.ts';
import type { WorkerCall } from './runtime.ts';

/** Header-derived names that are the platform's: a header of such a name is no fact of the call. */
const facts = new Set(
  'Method Query Path Host ContentLength Content_Length Transfer_Encoding'.split(' '),
);

/**
 * The variables of one call; `path` is what the program takes for its path. Throws `bad_parameter` or `bad_request` for a value with a NUL byte:
 * no variable can hold one, and leaving it out would pass for a call without it.
 */
export function callVariables(
  call: WorkerCall,
  path: string = call.head.path,
): Record<string, string> {
  const { head, body } = call;
  const variables: Record<string, string> = {};
  addHeaders(variables, head.headers);
  const length =
    body instanceof Uint8Array
      ? String(body.length)
      : (first(head.headers['content-length']) ?? '-1');
  variables['Http_Method'] = head.method;
  variables['Http_ContentLength'] = length;
  variables['Http_Content_Length'] = length;
  const encoding = first(head.headers['transfer-encoding']);
  if (encoding) variables['Http_Transfer_Encoding'] = encoding;
  const decoded = decodePath(path);
  if (decoded) variables['Http_Path'] = decoded;
  if (head.query) variables['Http_Query'] = head.query;
  const host = first(head.headers['host']) ?? head.host;
  if (host) variables['Http_Host'] = host;
  variables['FUNCATRON_REQUEST_ID'] = head.id;
  variables['FUNCATRON_OPERATION'] = call.operationId;
  variables['FUNCATRON_DEADLINE'] = String(head.deadline);
  if (head.auth) variables['FUNCATRON_AUTH'] = JSON.stringify(head.auth);
  for (const [name, value] of Object.entries(variables))
    if (value.includes('\0')) throw nulByte('bad_request', `the value for ${name}`);
  if (head.params) addParams(variables, head.params);
  return variables;
}

/** A header name as Go writes it, dashes as underscores: `x-github-event` is `X_Github_Event`. */
export function goName(name: string): string {
  return canonicalName(name).replaceAll('-', '_');
}

/**
 * `X-Foo` and `X_Foo` would be one variable: the name without an underscore is the one that
 * proxies let through, so it wins, whatever the order.
 */
function addHeaders(variables: Record<string, string>, headers: Headers): void {
  for (const [name, values] of Object.entries(headers)) {
    const go = goName(name);
    if (facts.has(go) || !/^[\w!#$%&'*+.^`|~]+$/.test(go)) continue;
    const variable = `Http_${go}`;
    const value = first(values);
    if (value === undefined || (name.includes('_') && variable in variables)) continue;
    variables[variable] = fromLatin1(value);
  }
}

const first = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

/** Header bytes come as Latin-1; those that are UTF-8 reach the program as the bytes they were. */
function fromLatin1(value: string): string {
  if (!/[\x80-\xff]/.test(value) || /[^\0-\xff]/.test(value)) return value;
  const text = Buffer.from(value, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? value : text;
}

/** Decoded as Go does; as it came where it decodes to no text or to a NUL byte. */
function decodePath(path: string): string {
  if (!path.includes('%')) return path;
  try {
    const decoded = decodeURIComponent(path);
    return decoded.includes('\0') ? path : decoded;
  } catch {
    return path;
  }
}

/** `FUNCATRON_PARAM_QUERY_PAGE_SIZE` for the query parameter `page-size`. */
function addParams(variables: Record<string, string>, params: Params): void {
  for (const [place, values] of Object.entries(params) as [string, Record<string, unknown>][]) {
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) continue;
      const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
      if (text.includes('\0')) {
        const message = 'holds a NUL byte, which a program cannot be given';
        throw nulByte('bad_parameter', `${place} parameter "${name}"`, [
          { in: place, at: name, message },
        ]);
      }
      const variable = `FUNCATRON_PARAM_${place}_${name}`.replace(/\W/g, '_').toUpperCase();
      variables[variable] ??= text;
    }
  }
}

function nulByte(
  code: 'bad_request' | 'bad_parameter',
  what: string,
  errors?: { in: string; at: string; message: string }[],
): FuncatronError {
  const detail = `${what} holds a NUL byte, which no environment variable can hold; leave it out`;
  return new FuncatronError(code, detail, errors ? { errors } : {});
}
