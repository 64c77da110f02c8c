/** What the worker wire says of a call, and what it says of its failure. */
import { FuncatronError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import type { Body, Params } from '../message.ts';
import type { WorkerCall } from './runtime.ts';

const noParams: Params = { path: {}, query: {}, header: {}, cookie: {} };
const failureCodes = new Set(
  'func_failed func_missing func_bad_result func_exited malformed_body'.split(' '),
);

/** JSON of a CALL's head. */
export function callHead(call: WorkerCall): string {
  const { head } = call;
  return JSON.stringify({
    id: head.id,
    op: call.operationId,
    key: head.operation,
    method: head.method,
    scheme: head.scheme,
    host: head.host,
    path: head.path,
    query: head.query,
    headers: head.headers,
    params: head.params ?? noParams,
    auth: head.auth,
    kind: call.kind,
    timeoutMs: Math.max(0, head.deadline - Date.now()),
    remote: head.remote,
    stream: call.stream,
  });
}

/** The body as the worker decodes it: form and multipart go as the values the door made of them. */
export function callBody(call: WorkerCall): Body {
  if (call.kind === 'form' && call.data !== undefined)
    return Buffer.from(JSON.stringify(call.data));
  if (call.kind === 'multipart' && call.data !== undefined) return multipartBody(call.data);
  return call.body;
}

/** `u32 JSON length | JSON | files`; a file in the JSON is `{$file: {offset, size, ...}}`. */
function multipartBody(data: unknown): Buffer {
  const files: Uint8Array[] = [];
  let offset = 0;
  const json = JSON.stringify(data, (_key, value: unknown) => {
    if (!isFile(value)) return value;
    const { filename, contentType, bytes } = value;
    const $file = { filename, contentType, offset, size: bytes.length };
    files.push(bytes);
    offset += bytes.length;
    return { $file };
  });
  const text = Buffer.from(json);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text, ...files]);
}

interface FilePart {
  filename?: string;
  contentType?: string;
  bytes: Uint8Array;
}

const isFile = (value: unknown): value is FilePart =>
  typeof value === 'object' && (value as FilePart | null)?.bytes instanceof Uint8Array;

/** The payload of FAIL. */
export interface Failure {
  message?: unknown;
  name?: unknown;
  stack?: unknown;
  code?: unknown;
  status?: unknown;
}

/** The error a failed call rejects with. */
export function failureOf(operationId: string, failure: Failure, stacks: boolean): FuncatronError {
  const known = typeof failure.code === 'string' && failureCodes.has(failure.code);
  const code = known ? (failure.code as ErrorCode) : 'func_failed';
  const message = typeof failure.message === 'string' ? failure.message : 'no reason given';
  const status = Number(failure.status);
  const refused = Number.isInteger(status) && status >= 400 && status <= 599;
  const name = typeof failure.name === 'string' ? failure.name : 'an error';
  const detail = refused || known ? message : `Func ${operationId} threw ${name}: ${message}`;
  return new FuncatronError(code, detail, {
    ...(refused && { status }),
    ...(stacks && typeof failure.stack === 'string' && { funcStack: failure.stack }),
  });
}
