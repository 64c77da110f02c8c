/** What `invoke` sends, from the flags that say it. */
import { readFile } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http';
import { resolve } from 'node:path';
import { FuncatronError } from '../errors.ts';
import type { Terminal } from './terminal.ts';

/** Parameters of the path fill its template; the rest is the query. */
export function fillIn(template: string, params: string[]): string {
  let path = template;
  const query = new URLSearchParams();
  for (const param of params) {
    const [name, value] = splitPair(param, '=', '--param');
    if (path.includes(`{${name}}`)) path = path.replaceAll(`{${name}}`, encodeURIComponent(value));
    else query.append(name, value);
  }
  const open = /\{[^}]+\}/.exec(path);
  if (open)
    throw new FuncatronError(
      'option_invalid',
      `--param is missing for ${open[0]} of ${template}: add --param ${open[0].slice(1, -1)}=VALUE`,
    );
  return query.size > 0 ? `${path}?${query.toString()}` : path;
}

export function readHeaders(lines: string[], body: Uint8Array | undefined): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = {};
  for (const line of lines) {
    const [name, value] = splitPair(line, ':', '--header');
    const key = name.toLowerCase();
    const before = headers[key];
    headers[key] = before === undefined ? value.trim() : [before, value.trim()].flat();
  }
  if (body) {
    headers['content-type'] ??= isJson(body) ? 'application/json' : 'text/plain';
    headers['content-length'] = String(body.length);
  }
  return headers;
}

function isJson(body: Uint8Array): boolean {
  try {
    JSON.parse(Buffer.from(body).toString());
    return true;
  } catch {
    return false;
  }
}

function splitPair(given: string, by: string, flag: string): [string, string] {
  const at = given.indexOf(by);
  if (at > 0) return [given.slice(0, at).trim(), given.slice(at + 1)];
  throw new FuncatronError('option_invalid', `${flag} "${given}": must be NAME${by}VALUE`);
}

export async function readData(
  given: string | undefined,
  terminal: Terminal,
): Promise<Uint8Array | undefined> {
  if (given === '-') return terminal.read();
  if (!given?.startsWith('@')) return given === undefined ? undefined : Buffer.from(given);
  const file = resolve(terminal.cwd, given.slice(1));
  return readFile(file).catch((cause: Error) => {
    throw new FuncatronError('option_invalid', `--data ${given}: ${cause.message}`, { cause });
  });
}
