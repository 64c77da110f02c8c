/** Responses against their contract: status, headers, content type and body. */
import { FuncatronError } from '../errors.ts';
import type { Headers, Issue } from '../message.ts';
import { compileContent } from './content.ts';
import type { ContentLimits, ReadContent } from './reading.ts';
import { compileSelect } from './media-choice.ts';
import { kindOf } from './media.ts';
import { compileReader, readDeclared } from './parameter.ts';
import { isObject } from './pointer.ts';
import type { Json, References } from './reference.ts';
import type { Schemas } from './schema.ts';

export interface ReplyCheck {
  /** Whether any response says more than which status there may be. */
  readonly checksReplies: boolean;
  /** What is wrong with a response, or undefined. */
  check(status: number, headers: Headers, bytes: Uint8Array): Issue[] | undefined;
}

type CheckResponse = (headers: Headers, bytes: Uint8Array, issues: Issue[]) => void;

/** Compiles a responses object of OpenAPI 3.1; `method` tells a HEAD, which has no body. */
export function compileReply(
  source: unknown,
  method: string,
  schemas: Schemas,
  limits: ContentLimits,
): ReplyCheck {
  const responses = readResponses(source, schemas.references);
  const compiled = new Map<string, CheckResponse>();
  const names = [...responses.keys()];
  const check = (status: number, headers: Headers, bytes: Uint8Array): Issue[] | undefined => {
    const name = responseFor(names, status);
    if (name === undefined) return names.length === 0 ? undefined : [undeclared(status, names)];
    let checkOne = compiled.get(name);
    if (!checkOne) {
      checkOne = compileResponse(responses.get(name)!, schemas, limits);
      compiled.set(name, checkOne);
    }
    const issues: Issue[] = [];
    if (hasBody(method, status)) checkOne(headers, bytes, issues);
    else if (bytes.byteLength > 0 && method !== 'HEAD') {
      issues.push({ in: 'response', at: '', message: `a ${status} response has no body` });
    }
    return issues.length > 0 ? issues : undefined;
  };
  const checksReplies = [...responses.values()].some((response) => saysMore(response, schemas));
  return { checksReplies, check };
}

/** Responses by status, references resolved. */
export function readResponses(source: unknown, references: References): Map<string, Json> {
  const responses = new Map<string, Json>();
  for (const [status, response] of Object.entries(isObject(source) ? source : {})) {
    const target = status.startsWith('x-') ? undefined : references.resolve(response);
    if (isObject(target)) responses.set(status, target);
  }
  return responses;
}

/** The exact status, its range, or the default (3.1.1, 4.8.16). */
function responseFor(names: readonly string[], status: number): string | undefined {
  const exact = String(status);
  if (names.includes(exact)) return exact;
  const range = names.find((name) => name.toUpperCase() === `${exact[0]}XX`);
  return range ?? names.find((name) => name === 'default');
}

function undeclared(status: number, names: readonly string[]): Issue {
  return {
    in: 'response',
    at: '',
    message: `status ${status} is not declared; the contract has ${names.join(', ')}`,
    mend: `declare ${status} or default under responses`,
  };
}

function hasBody(method: string, status: number): boolean {
  return method !== 'HEAD' && status >= 200 && status !== 204 && status !== 205 && status !== 304;
}

function saysMore(response: Json, { references }: Schemas): boolean {
  const content = isObject(response['content']) ? Object.values(response['content']) : [];
  if (content.some((media) => isObject(media) && media['schema'] !== undefined)) return true;
  const headers = isObject(response['headers']) ? Object.values(response['headers']) : [];
  return headers.some((header) => {
    const target = references.resolve(header);
    return isObject(target) && (target['required'] === true || target['schema'] !== undefined);
  });
}

function compileResponse(response: Json, schemas: Schemas, limits: ContentLimits): CheckResponse {
  const checkHeaders = compileHeaders(response['headers'], schemas);
  const content = isObject(response['content']) ? response['content'] : {};
  const types = Object.keys(content);
  const select = compileSelect(content, (media, mediaType): ReadContent => {
    const kind = kindOf(media);
    // Forms come in requests; as a response they are bytes like any other.
    const isChecked = kind === 'json' || kind === 'text';
    return compileContent(mediaType, isChecked ? kind : 'binary', schemas, 'response', limits);
  });
  return (headers, bytes, issues) => {
    checkHeaders(headers, issues);
    if (types.length === 0) return;
    const header = headers['content-type'];
    const type = typeof header === 'string' ? header : header?.[0];
    const chosen = select(type);
    if (!chosen) issues.push(wrongType(type, bytes, types));
    else readBody(chosen.reader, bytes, chosen.media, issues);
  };
}

function readBody(
  reader: ReadContent,
  bytes: Uint8Array,
  media: Parameters<ReadContent>[1],
  issues: Issue[],
): void {
  const before = issues.length;
  try {
    reader(bytes, media, issues);
  } catch (error) {
    if (!(error instanceof FuncatronError)) throw error;
    issues.push({ in: 'body', at: '', message: error.message });
  }
  for (const issue of issues.slice(before)) issue.in = 'response';
}

function wrongType(type: string | undefined, bytes: Uint8Array, types: readonly string[]): Issue {
  const declared = types.join(', ');
  let message = `content type ${type} is not declared; the contract has ${declared}`;
  if (type === undefined) message = `has no content-type; the contract has ${declared}`;
  if (type === undefined && bytes.byteLength === 0) message = `has no body; declared: ${declared}`;
  return { in: 'response', at: 'content-type', message };
}

function compileHeaders(
  source: unknown,
  schemas: Schemas,
): (headers: Headers, issues: Issue[]) => void {
  const entries = Object.entries(isObject(source) ? source : {});
  const readers = entries
    .filter(([name]) => name.toLowerCase() !== 'content-type')
    .map(([name, header]) => {
      const target = schemas.references.resolve(header);
      const declared = { ...(isObject(target) ? target : {}), name, in: 'header' };
      const reader = compileReader(readDeclared(declared, schemas.references), schemas, 'response');
      return [name.toLowerCase(), reader] as const;
    });
  const none = new Map<string, string>();
  return (headers, issues) => {
    for (const [name, reader] of readers) {
      const before = issues.length;
      reader.read(headers[name], none, issues);
      for (const issue of issues.slice(before)) issue.in = 'response';
    }
  };
}
