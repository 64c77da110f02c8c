/**
 * Request bodies: which declared media type one is of, and what it says. Decisions where the
 * specification leaves room:
 * - of several ranges that fit, the most specific one is meant; parameters but `charset` count;
 * - a body without Content-Type is `application/octet-stream` (RFC 9110, 8.3), never a guess: a
 *   cross-site page can send such a body without asking;
 * - where the operation declares no body, one that comes is passed by the kind of its content type,
 *   unchecked, and as bytes when it cannot be read as that.
 */
import { FuncatronError } from '../errors.ts';
import type { BodyKind, Headers, Issue } from '../message.ts';
import { compileContent } from './content.ts';
import type { ContentLimits, ReadContent, Reading } from './reading.ts';
import { compileSelect, type Entry } from './media-choice.ts';
import { kindOf, parseMedia, type Media } from './media.ts';
import { isObject } from './pointer.ts';
import type { Schemas } from './schema.ts';

export type ReadBody = (headers: Headers, bytes: Uint8Array, issues: Issue[]) => Reading;

const octets: Media = { type: 'application', subtype: 'octet-stream', parameters: new Map() };

/**
 * Compiles a request body object, which may be a reference; undefined when none is declared. The
 * function throws `malformed_body`, `unsupported_media_type`, or `bad_body` for a missing body.
 */
export function compileBody(source: unknown, schemas: Schemas, limits: ContentLimits): ReadBody {
  const declared = schemas.references.resolve(source);
  if (!isObject(declared))
    return (headers, bytes) => readUndeclared(headers, bytes, schemas, limits);
  const required = declared['required'] === true;
  const content = isObject(declared['content']) ? declared['content'] : {};
  const select = compileSelect(content, (media, mediaType) =>
    compileContent(mediaType, kindOf(media), schemas, 'request', limits),
  );
  return (headers, bytes, issues) => {
    const type = contentType(headers);
    if (bytes.byteLength === 0 && !(required && canBeEmpty(type))) {
      if (required) throw missing(Object.keys(content));
      return { kind: 'none', value: undefined };
    }
    const chosen = select(type, octets);
    if (!chosen) throw unsupported(type, Object.keys(content));
    return read(chosen, bytes, issues);
  };
}

/** The kind of a body by its head alone; throws `unsupported_media_type` where that is checked. */
export function compileKind(
  source: unknown,
  schemas: Schemas,
  isChecked: boolean,
): (headers: Headers) => BodyKind {
  const declared = schemas.references.resolve(source);
  if (!isObject(declared)) return (headers) => kindOfText(contentType(headers));
  const content = isObject(declared['content']) ? declared['content'] : {};
  const select = compileSelect(content, kindOf);
  return (headers) => {
    const type = contentType(headers);
    const chosen = select(type, octets);
    if (chosen) return chosen.reader;
    if (isChecked) throw unsupported(type, Object.keys(content));
    return kindOfText(type);
  };
}

/** What a content type says that no contract does; bytes where it says nothing. */
function kindOfText(type: string | undefined): BodyKind {
  const media = parseMedia(type ?? '');
  return media ? kindOf(media) : 'binary';
}

function read({ media, reader }: Entry<ReadContent>, bytes: Uint8Array, issues: Issue[]): Reading {
  return reader(bytes, media, issues);
}

function contentType(headers: Headers): string | undefined {
  const value = headers['content-type'];
  return typeof value === 'string' ? value : value?.[0];
}

/** An empty text, file or form is still one; no JSON is empty. */
function canBeEmpty(type: string | undefined): boolean {
  const media = type === undefined ? undefined : parseMedia(type);
  return media !== undefined && ['text', 'binary', 'form'].includes(kindOf(media));
}

/** What an operation that declares no body gets of one. Throws nothing. */
export function readUndeclared(
  headers: Headers,
  bytes: Uint8Array,
  schemas: Schemas,
  limits: ContentLimits,
): Reading {
  if (bytes.byteLength === 0) return { kind: 'none', value: undefined };
  const media = parseMedia(contentType(headers) ?? '');
  if (!media) return { kind: 'binary', value: bytes };
  const issues: Issue[] = [];
  try {
    const reader = compileContent({}, kindOf(media), schemas, 'request', limits);
    const reading = reader(bytes, media, issues);
    if (issues.length === 0) return reading;
  } catch (error) {
    if (!(error instanceof FuncatronError)) throw error;
  }
  return { kind: 'binary', value: bytes };
}

function missing(types: readonly string[]): FuncatronError {
  return new FuncatronError('bad_body', `The request has no body; send ${types.join(' or ')}.`, {
    errors: [{ in: 'body', at: '', message: 'is required' }],
  });
}

function unsupported(type: string | undefined, types: readonly string[]): FuncatronError {
  const sent = type === undefined ? 'The body has no Content-Type' : `${type} is not taken`;
  return new FuncatronError('unsupported_media_type', `${sent}; send ${types.join(' or ')}.`, {
    headers: { accept: types.join(', ') },
  });
}
