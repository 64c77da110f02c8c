/** Where a contract says that it lives: its base path and host. */
import type { Issue } from '../message.ts';
import { isObject } from './pointer.ts';
import { show } from './setting-value.ts';
import type { OpenApiVersion } from './upgrade.ts';

export interface Base {
  /** `/` for the root; otherwise without a slash at its end. */
  basePath: string;
  /** Lower case, no port; null for any host. */
  host: string | null;
  issues: Issue[];
}

/**
 * 2.0: `basePath` and `host`. 3.x: the path of the first server URL, variables by their defaults;
 * its host is documentation. Takes the document as it is written.
 */
export function readBase(document: Record<string, unknown>, version: OpenApiVersion): Base {
  return version === '2.0' ? readSwagger(document) : readServers(document['servers']);
}

function readSwagger({ basePath, host }: Record<string, unknown>): Base {
  const bound = typeof host === 'string' && host !== '*' && host !== '' ? host : null;
  const name = bound?.toLowerCase().replace(/:\d*$/, '') ?? null;
  if (basePath === undefined || basePath === null) return { basePath: '/', host: name, issues: [] };
  return { host: name, ...readPath(String(basePath), '/basePath') };
}

function readServers(servers: unknown): Base {
  const [server] = Array.isArray(servers) ? servers : [];
  const at = '/servers/0/url';
  if (!isObject(server) || typeof server['url'] !== 'string')
    return { basePath: '/', host: null, issues: [] };
  const variables = isObject(server['variables']) ? server['variables'] : {};
  const missing: string[] = [];
  const url = server['url'].replaceAll(/\{([^{}]*)\}/g, (_, name: string) => {
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (isObject(variable) && typeof variable['default'] === 'string') return variable['default'];
    missing.push(name);
    return '';
  });
  if (missing.length > 0) {
    const mend = `add /servers/0/variables/${missing[0]} with a default`;
    const message = `server variable ${missing.join(', ')} has no default`;
    return { basePath: '/', host: null, issues: [{ in: 'document', at, message, mend }] };
  }
  const absolute = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/.exec(url);
  return { host: null, ...readPath(absolute ? url.slice(absolute[0].length) : url, at) };
}

function readPath(path: string, at: string): { basePath: string; issues: Issue[] } {
  const basePath = path.replace(/\/+$/, '') || '/';
  const message = pathFault(path);
  if (!message) return { basePath, issues: [] };
  const mend = 'write an absolute path such as /v1';
  return { basePath: '/', issues: [{ in: 'document', at, message, mend }] };
}

function pathFault(path: string): string | undefined {
  if (path !== '' && !path.startsWith('/')) return `the base path ${show(path)} is not absolute`;
  if (/[{}]/.test(path)) return `the base path ${show(path)} holds a template`;
  if (/[?#\s]/.test(path)) return `the base path ${show(path)} is more than a path`;
  if (/\/\//.test(path) || /(^|\/)\.\.?(\/|$)/.test(path))
    return `the base path ${show(path)} has empty or dotted segments`;
  return undefined;
}
