/**
 * A call as the request map of the original's Java interface, in JSON: what a dev shim gives its
 * Funcs. Bytes are Base64, dates are text; `docs/dev-shim.md` lists the keys.
 */
import { FuncatronError } from '../errors.ts';
import type { Body } from '../message.ts';
import { bodyNameKey } from '../openapi/upgrade.ts';
import type { Assignment, FuncSpec, WorkerCall } from './runtime.ts';
import { isObject, tooLong } from './shim-line.ts';

type Json = Record<string, unknown>;

/** What a body is called that no Swagger 2.0 names. */
const bodyNameDefault = 'body';

/** `body` is all of the call's. */
export function requestMap(
  call: WorkerCall,
  body: Buffer,
  func: FuncSpec | undefined,
  { sha, name, version, props }: Assignment,
): Json {
  const { head } = call;
  const operation = func?.operation ?? {};
  const { 'content-type': contentType } = head.headers;
  const query = manyOf(new URLSearchParams(head.query));
  const form = call.kind === 'form' ? asObject(call.data) : {};
  const multipart = call.kind === 'multipart' ? asObject(writeFiles(call.data)) : {};
  return {
    'request-method': head.method.toLowerCase(),
    uri: head.path,
    scheme: head.scheme,
    host: head.host,
    'server-name': head.host,
    'server-port': portOf(head.headers['host']),
    'remote-addr': head.remote,
    'query-string': head.query === '' ? null : head.query,
    protocol: 'HTTP/1.1',
    headers: { ...head.headers, ...(contentType && { 'Content-Type': contentType }) },
    parameters: {
      path: fill('path', head.params?.path, operation),
      query: fill('query', head.params?.query, operation),
      header: fill('header', head.params?.header, operation),
      ...((call.kind === 'form' || call.kind === 'multipart') && {
        formData: { ...form, ...multipart },
      }),
      body: bodyParameter(call, body, operation),
    },
    'query-params': query,
    'form-params': form,
    'multipart-params': multipart,
    params: { ...query, ...form, ...multipart },
    body: body.toString('base64'),
    swagger: { request: operation, key: [operation['method'], operation['path']], context: {} },
    $requestId: head.id,
    $bundle: { name, sha, version },
    $cookies: head.params?.cookie ?? {},
    ...(head.auth && { $auth: head.auth }),
    ...(Object.keys(props).length > 0 && { $props: props }),
  };
}

/** All of a body, whole or in chunks. Rejects with `body_too_large`. */
export async function collectBody(body: Body, bytesMax: number): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > bytesMax)
      throw new FuncatronError('body_too_large', tooLong('the request body', bytesMax).message);
    // Whoever gave it may take its memory back.
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}

/** Parameters that are declared and were not given are null, lists of them empty. */
function fill(place: string, values: Json | undefined, operation: Json): Json {
  const filled: Json = {};
  const { parameters } = operation;
  for (const one of Array.isArray(parameters) ? parameters : []) {
    if (!isObject(one) || one['in'] !== place) continue;
    const isList = asObject(one['schema'])['type'] === 'array';
    filled[String(one['name'])] = isList ? [] : null;
  }
  return { ...filled, ...values };
}

function bodyParameter({ kind }: WorkerCall, body: Buffer, operation: Json): Json {
  const named = operation[bodyNameKey];
  const name = typeof named === 'string' ? named : bodyNameDefault;
  if (body.length === 0) return {};
  if (kind === 'text') return { [name]: body.toString() };
  if (kind !== 'json') return {};
  try {
    return { [name]: JSON.parse(body.toString()) as unknown };
  } catch {
    return {};
  }
}

/** Files in a form: what they are called, what they are, and their bytes. */
function writeFiles(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(writeFiles);
  if (!isObject(value)) return value;
  const { bytes, filename, contentType } = value;
  if (bytes instanceof Uint8Array)
    return {
      filename,
      'content-type': contentType,
      size: bytes.length,
      bytes: Buffer.from(bytes).toString('base64'),
    };
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, writeFiles(one)]));
}

/** One value as text, several as a list. */
function manyOf(pairs: URLSearchParams): Json {
  const names = [...new Set(pairs.keys())];
  return Object.fromEntries(
    names.map((name) => {
      const values = pairs.getAll(name);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}

function portOf(host: string | string[] | undefined): number | null {
  const port = /:(\d{1,5})$/.exec(String(host ?? ''))?.[1];
  return port === undefined ? null : Number(port);
}

function asObject(value: unknown): Json {
  return isObject(value) ? value : {};
}
