/** Bytes of one declared media type to a value: what requests and responses have in common. */
import { FuncatronError } from '../errors.ts';
import type { BodyKind } from '../message.ts';
import { compileCoerce } from './coerce.ts';
import { compileFill } from './default.ts';
import { compileForm } from './form.ts';
import { decodeUtf8, parseJson } from './json.ts';
import type { Media } from './media.ts';
import { compileMultipart } from './multipart-form.ts';
import type { Direction } from './prepare.ts';
import { decodeText, reading, report, type ContentLimits, type ReadContent } from './reading.ts';
import type { Json } from './reference.ts';
import type { Schemas } from './schema.ts';
import { type, typesOf } from './shape.ts';

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
  // A number is one with the line end that programs print, too; in text a blank is a character.
  const isTrimmed = (typesOf(schema, schemas.references) & type.string) === 0;
  return (bytes, media, issues) => {
    const text = decodeText(bytes, media);
    const value = coerce(isTrimmed ? text.trim() : text);
    report(check, value, issues);
    return { kind: 'text', value };
  };
}
