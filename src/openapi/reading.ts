/**
 * What reading a body comes to, and the steps all kinds of body share. `malformed_body` is thrown
 * for what cannot be parsed; what can be, but breaks its schema, is appended to the issues.
 */
import { FuncatronError } from '../errors.ts';
import type { BodyKind, Issue } from '../message.ts';
import { decodeUtf8, JsonFault } from './json.ts';
import type { Media } from './media.ts';
import type { Check, Finding } from './plain-check.ts';

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
