/**
 * Bytes of one declared media type to a value: what request bodies and responses have in common.
 * Readers throw `malformed_body` for what cannot be parsed, and append to `issues` what can be, but
 * breaks the schema.
 */
import { FuncatronError } from '../errors.ts';
import type { BodyKind, Issue } from '../message.ts';
import { compileCoerce } from './coerce.ts';
import { compileFill } from './default.ts';
import { compileForm } from './form.ts';
import { decodeUtf8, JsonFault, parseJson } from './json.ts';
import type { Media } from './media.ts';
import { compileMultipart } from './multipart-form.ts';
import type { Check, Finding } from './plain-check.ts';
import type { Json } from './reference.ts';
import type { Direction, Schemas } from './schema.ts';

export interface Reading {
  kind: BodyKind;
  value: unknown;
  /** The JSON anew, when defaults were filled in. */
  bytes?: Uint8Array;
}

export type ReadContent = (bytes: Uint8Array, media: Media, issues: Issue[]) => Reading;

/** Bounds on bodies that consist of many small things. */
export interface ContentLimits {
  /** Pairs of a form, parts of a multipart body. */
  fieldsMax: number;
  /** Bytes of the headers of one part. */
  partHeaderBytesMax: number;
}

/** `source` is a media type object of OpenAPI 3.1; `{}` says nothing about the value. */
export function compileContent(
  source: Json,
  kind: BodyKind,
  schemas: Schemas,
  direction: Direction,
  limits: ContentLimits,
): ReadContent {
  switch (kind) {
    case 'json':
      return compileJson(source['schema'], schemas, direction);
    case 'text':
      return compileText(source['schema'], schemas, direction);
    case 'form':
      return compileForm(source, schemas, limits);
    case 'multipart':
      return compileMultipart(source, schemas, limits);
    default:
      return (bytes) => ({ kind: 'binary', value: bytes });
  }
}

function compileJson(schema: unknown, schemas: Schemas, direction: Direction): ReadContent {
  const check = schemas.compile(schema, direction);
  const fill = direction === 'request' ? compileFill(schema, schemas.references) : undefined;
  return (bytes, media, issues) => {
    requireUtf8(media);
    const value = reading('JSON', () => parseJson(decodeUtf8(bytes)));
    const isFilled = fill !== undefined && reading('JSON', () => fill(value));
    report(check, value, issues);
    if (!isFilled) return { kind: 'json', value };
    const made = reading('JSON', () => Buffer.from(JSON.stringify(value)));
    return { kind: 'json', value, bytes: made };
  };
}

/** JSON is UTF-8 (RFC 8259, 8.1), of which ASCII is a part. */
function requireUtf8(media: Media): void {
  if (media.parameters.size === 0) return;
  const charset = media.parameters.get('charset')?.toLowerCase() ?? 'utf-8';
  if (['utf-8', 'utf8', 'us-ascii'].includes(charset)) return;
  const detail = `The body is said to be JSON in ${charset}; send JSON in UTF-8.`;
  throw new FuncatronError('unsupported_media_type', detail);
}

function compileText(schema: unknown, schemas: Schemas, direction: Direction): ReadContent {
  const check = schemas.compile(schema, direction);
  const coerce = compileCoerce(schema, schemas.references);
  return (bytes, media, issues) => {
    const value = coerce(decodeText(bytes, media));
    report(check, value, issues);
    return { kind: 'text', value };
  };
}

/** Text in the charset its media type names, else in UTF-8. */
export function decodeText(bytes: Uint8Array, media: Media | undefined): string {
  const charset = media?.parameters.get('charset');
  if (charset === undefined) return reading('text', () => decodeUtf8(bytes));
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(charset, { fatal: true });
  } catch (error) {
    const detail = `The charset ${charset} is not known; send text in UTF-8.`;
    throw new FuncatronError('unsupported_media_type', detail, { cause: error });
  }
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw malformed(`The bytes of the text are no ${charset}.`, error);
  }
}

/** Runs a parsing step; what it throws about the bytes becomes `malformed_body`. */
export function reading<Value>(what: string, step: () => Value): Value {
  try {
    return step();
  } catch (error) {
    if (error instanceof JsonFault) throw malformed(`No ${what}: ${error.message}.`, error);
    if (!(error instanceof RangeError)) throw error;
    throw malformed(`The ${what} is nested too deeply to be read.`, error);
  }
}

export function malformed(detail: string, cause?: unknown): FuncatronError {
  return new FuncatronError('malformed_body', detail, { cause });
}

/** Appends what a check finds, as issues of the body. */
export function report(check: Check | undefined, value: unknown, issues: Issue[]): void {
  const findings = check?.(value);
  if (findings !== undefined) for (const finding of findings) issues.push(bodyIssue(finding));
}

export function bodyIssue({ at, message }: Finding): Issue {
  return { in: 'body', at, message };
}
