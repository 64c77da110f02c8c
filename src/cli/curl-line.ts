/** A curl line that works as it stands: an operation anybody may call, with values that fit. */
import type { Contract, Operation } from '../openapi/contract.ts';

type Json = Record<string, unknown>;

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

/** The line for one operation. */
export function lineFor(contract: Contract, operation: Operation, options: CurlOptions): string {
  const { document } = contract;
  const base = options.basePath === '/' ? '' : options.basePath;
  const query: string[] = [];
  const headers: string[] = options.host ? [`host: ${options.host}`] : [];
  let path = operation.template;
  for (const parameter of parametersOf(document, operation)) {
    const {
      name,
      in: place,
      required,
    } = parameter as { name: string; in: string; required?: boolean };
    if (!required) continue;
    const text = encodeURIComponent(String(sample(document, parameter)));
    if (place === 'path') path = path.replaceAll(`{${name}}`, text);
    else if (place === 'query') query.push(`${encodeURIComponent(name)}=${text}`);
    else if (place === 'header') headers.push(`${name}: ${text}`);
  }
  const body = bodyOf(document, operation);
  const url = options.origin + base + path + (query.length > 0 ? `?${query.join('&')}` : '');
  return [
    'curl',
    ...(operation.method === 'GET' ? [] : [`-X ${operation.method}`]),
    ...[...headers, ...(body ? [`content-type: ${body.type}`] : [])].map((one) => `-H '${one}'`),
    ...(body ? [`-d '${body.text.replaceAll("'", `'\\''`)}'`] : []),
    query.length > 0 ? `'${url}'` : url,
  ].join(' ');
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

function parametersOf(document: Json, operation: Operation): Json[] {
  const { item, own } = operationOf(document, operation);
  return [...list(item.parameters), ...list(own.parameters)].map((one) => resolve(document, one));
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
  return { type, text: type === 'application/x-www-form-urlencoded' ? form(value) : String(value) };
}

/** What to send where any type, or any of a kind, is taken. */
const ranges: Record<string, string> = {
  '*/*': 'application/octet-stream',
  'text/*': 'text/plain',
  'application/*': 'application/octet-stream',
  'image/*': 'image/png',
};

function form(value: unknown): string {
  return new URLSearchParams(
    Object.entries(Object(value)).map(([k, v]) => [k, String(v)]),
  ).toString();
}

/** A value that fits: the example where there is one, else one made from the schema. */
function sample(document: Json, holder: Json, depth = 0): unknown {
  if (holder.example !== undefined) return holder.example;
  const [first] = Object.values((holder.examples ?? {}) as Record<string, Json>);
  if (!Array.isArray(holder.examples) && first?.value !== undefined) return first.value;
  const schema = resolve(document, (holder.schema ?? holder) as Json);
  for (const key of ['example', 'default', 'const'] as const)
    if (schema[key] !== undefined) return schema[key];
  if (Array.isArray(schema.examples)) return schema.examples[0];
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const variant = list(schema.oneOf)[0] ?? list(schema.anyOf)[0] ?? list(schema.allOf)[0];
  if (variant && schema.type === undefined) return sample(document, variant, depth + 1);
  return made(document, schema, depth);
}

function made(document: Json, schema: Json, depth: number): unknown {
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'integer' || type === 'number') return Math.max(1, Number(schema.minimum ?? 1));
  if (type === 'boolean') return true;
  if (type === 'array')
    return depth > 4 || !schema.items ? [] : [sample(document, schema.items as Json, depth + 1)];
  if (type !== 'object') return textOf(schema);
  const required = new Set(list(schema.required).map(String));
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Json>);
  return Object.fromEntries(
    properties
      .filter(([name, one]) => depth <= 4 && (required.has(name) || hasExample(one)))
      .map(([name, property]) => [name, sample(document, property, depth + 1)]),
  );
}

function hasExample({ example, examples }: Json): boolean {
  return example !== undefined || (Array.isArray(examples) && examples.length > 0);
}

const texts: Record<string, string> = {
  date: '2026-01-31',
  'date-time': '2026-01-31T12:00:00Z',
  uuid: '6a2f41a3-c54c-4b01-90e6-d701748f0851',
  email: 'ada@example.org',
  uri: 'https://example.org',
};

function textOf(schema: Json): string {
  const known = texts[String(schema.format)];
  return known ?? 'Ada'.padEnd(Number(schema.minLength ?? 0), 'a');
}

function resolve(document: Json, value: Json): Json {
  let found = value;
  for (let hops = 0; typeof found.$ref === 'string' && hops < 20; hops++) {
    let target: unknown = document;
    for (const part of found.$ref.split('/').slice(1))
      target = (target as Json | undefined)?.[part.replaceAll('~1', '/').replaceAll('~0', '~')];
    found = (target ?? {}) as Json;
  }
  return found;
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}
