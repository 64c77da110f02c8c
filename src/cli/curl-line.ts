/** A curl line that works as it stands: an operation anybody may call, with values that fit. */
import type { Contract, Operation } from '../openapi/contract.ts';
import { list, resolve, sample } from './sample.ts';
import type { Json } from './sample.ts';

export interface CurlOptions {
  /** `http://localhost:8080`. */
  origin: string;
  basePath: string;
  /** Host header, for a bundle bound to one. */
  host?: string;
}

/** The line for the operation that asks the least of its caller. */
export function curlLine(contract: Contract, options: CurlOptions): string {
  const [easiest] = contract.operations.toSorted(
    (a, b) => effort(contract, a) - effort(contract, b),
  );
  if (!easiest) return `curl ${options.origin}${options.basePath}`;
  return lineFor(contract, easiest, options);
}

/** What a line is made of, gathered place by place. */
interface Line {
  path: string;
  query: string[];
  headers: string[];
  cookies: string[];
  more: string[];
}

function lineFor({ document }: Contract, operation: Operation, options: CurlOptions): string {
  const { origin, basePath, host } = options;
  const { template, method } = operation;
  const line: Line = { path: template, query: [], headers: [], cookies: [], more: [] };
  if (host) line.headers.push(`host: ${host}`);
  for (const parameter of parametersOf(document, operation))
    if (parameter.required) addParameter(line, parameter, sample(document, parameter));
  addCredentials(line, operation);
  const body = bodyOf(document, operation);
  if (body) line.headers.push(`content-type: ${body.type}`);
  const query = line.query.length > 0 ? `?${line.query.join('&')}` : '';
  const base = basePath === '/' ? '' : basePath;
  return [
    'curl',
    ...methodFlags(method, body !== undefined),
    ...line.more,
    ...line.headers.map((header) => `-H ${quote(header)}`),
    ...(line.cookies.length > 0 ? [`-b ${quote(line.cookies.join('; '))}`] : []),
    ...(body ? [`-d ${quote(body.text)}`] : []),
    quoteIfNeeded(origin + base + line.path + query),
  ].join(' ');
}

/** curl waits for a body that never comes unless it is told of HEAD by a flag of its own. */
function methodFlags(method: string, hasBody: boolean): string[] {
  if (method === 'HEAD') return ['-I'];
  return method === 'GET' && !hasBody ? [] : [`-X ${method}`];
}

function addParameter(line: Line, parameter: Json, value: unknown): void {
  const name = String(parameter.name);
  const text = Array.isArray(value) ? value.join(',') : showValue(value);
  const encoded = encodeURIComponent(text);
  if (parameter.in === 'path') line.path = line.path.replaceAll(`{${name}}`, encoded);
  else if (parameter.in === 'query') line.query.push(`${encodeURIComponent(name)}=${encoded}`);
  else if (parameter.in === 'header') line.headers.push(`${name}: ${text}`);
  else line.cookies.push(`${name}=${encoded}`);
}

/** Where credentials go; which ones only the caller knows. */
function addCredentials(line: Line, { security }: Operation): void {
  for (const { scheme } of security[0]?.schemes ?? []) {
    const { type, name = '' } = scheme;
    if (type === 'apiKey' && scheme.in === 'query') line.query.push(`${name}=KEY`);
    else if (type === 'apiKey' && scheme.in === 'cookie') line.cookies.push(`${name}=KEY`);
    else if (type === 'apiKey') line.headers.push(`${name}: KEY`);
    else if (scheme.scheme?.toLowerCase() === 'basic') line.more.push('-u USER:PASSWORD');
    else line.headers.push('authorization: Bearer TOKEN');
  }
}

/** Less is easier: no credentials, no body, no value to invent, and no way to be refused. */
function effort(contract: Contract, operation: Operation): number {
  const { document } = contract;
  const parameters = parametersOf(document, operation);
  const required = parameters.filter((one) => one.required).length;
  const { own } = operationOf(document, operation);
  const statuses = Object.keys((own.responses ?? {}) as Json);
  return (
    (operation.security.length > 0 ? 100 : 0) +
    (operation.contentType === undefined ? 20 : 0) +
    (statuses.some((status) => status.startsWith('4')) ? 15 : 0) +
    (operation.method === 'GET' ? 0 : 10) +
    (bodyOf(document, operation) ? 2 : 0) +
    required +
    (parameters.length - required) / 10
  );
}

function operationOf(document: Json, { method, template }: Operation): { item: Json; own: Json } {
  const item = ((document.paths as Json)[template] ?? {}) as Json;
  return { item, own: (item[method.toLowerCase()] ?? {}) as Json };
}

/** Those of the operation win over those of its path (OpenAPI 3.1, 4.8.9.1). */
function parametersOf(document: Json, operation: Operation): Json[] {
  const { item, own } = operationOf(document, operation);
  const all = [...list(item.parameters), ...list(own.parameters)];
  const resolved = all.map((one) => resolve(document, one));
  return [
    ...new Map(resolved.map((one) => [`${String(one.in)} ${String(one.name)}`, one])).values(),
  ];
}

function bodyOf(document: Json, operation: Operation): { type: string; text: string } | undefined {
  const given = operationOf(document, operation).own.requestBody as Json | undefined;
  if (!given) return undefined;
  const content = (resolve(document, given).content ?? {}) as Record<string, Json>;
  const types = Object.keys(content);
  const declared = types.find((one) => one.includes('json')) ?? types[0];
  if (!declared) return undefined;
  const value = sample(document, content[declared]!);
  const type = ranges[declared] ?? declared;
  if (type.includes('json')) return { type, text: JSON.stringify(value) };
  return { type, text: type.includes('urlencoded') ? form(value) : showValue(value) };
}

/** What to send where any type, or any of a kind, is taken. */
const ranges: Record<string, string> = {
  '*/*': 'application/octet-stream',
  'text/*': 'text/plain',
  'application/*': 'application/octet-stream',
  'image/*': 'image/png',
};

function form(value: unknown): string {
  const pairs = Object.entries(Object(value)).map(([name, one]) => [name, showValue(one)]);
  return new URLSearchParams(pairs).toString();
}

function showValue(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function quoteIfNeeded(text: string): string {
  return /^[\w.~:/@%+,=-]+$/.test(text) ? text : quote(text);
}

/** As one word for a POSIX shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
