/**
 * Path templates (OpenAPI 3.1, 4.8.8.1), cut into segments: `/files/{name}.{ext}`. Text compares
 * percent-decoded, byte by byte; parameter values come out as they stood in the request.
 */
import { FuncatronError } from '../errors.ts';

export interface Template {
  segments: Segment[];
  names: string[];
  /** Whether the template ends with a slash that a shorter path could lack. */
  slashed: boolean;
}

/**
 * `text` before, between and after the parameters of a segment: one piece for a literal, two for
 * `{id}`, three for `{name}.{ext}`. Decoded, one character a byte.
 */
export interface Segment {
  text: string[];
}

/** Cuts a template. Throws `contract_invalid` where it cannot be matched without guessing. */
export function parseTemplate(template: string): Template {
  const fault = templateFault(template);
  if (fault) throw new FuncatronError('contract_invalid', `path ${template}: ${fault}`);
  const parts = template.slice(1).split('/');
  const slashed = parts.at(-1) === '' && parts.length > 1;
  if (slashed || template === '/') parts.pop();
  const names = [...template.matchAll(/\{([^{}]*)\}/g)].map((match) => match[1]!);
  const segments = parts.map((part) => ({ text: part.split(/\{[^{}]*\}/).map(decodeBytes) }));
  return { segments, names, slashed };
}

/** What is wrong with a template, or undefined. */
export function templateFault(template: string): string | undefined {
  if (!template.startsWith('/')) return 'it must begin with a slash';
  const names = [...template.matchAll(/\{([^{}]*)\}/g)].map((match) => match[1]!);
  const rest = template.replaceAll(/\{[^{}]*\}/g, '');
  if (rest.includes('{') || rest.includes('}')) return 'its braces do not pair';
  if (/[?#]/.test(rest)) return 'a path has no query and no fragment';
  if (names.some((name) => name === '' || name.includes('/') || name === '__proto__'))
    return 'a parameter has no usable name';
  if (new Set(names).size < names.length) return 'a parameter stands in it twice';
  if (template.includes('}{')) return 'nothing tells where one parameter ends and the next begins';
  return undefined;
}

/** The template without its parameter names: templates of one shape match the same paths. */
export function templateShape(template: string): string {
  const { segments, slashed } = parseTemplate(template);
  return `/${segments.map(segmentShape).join('/')}${slashed ? '/' : ''}`;
}

/** A segment without its parameter names. */
export function segmentShape(segment: Segment): string {
  return segment.text.map((text) => text.replaceAll(/[{}/]/g, encodeURIComponent)).join('{}');
}

/** Whether a text decodes to itself. */
export function isPlain(text: string): boolean {
  return plainText.test(text);
}

const plainText = /^[\x21-\x24\x26-\x7e]*$/;

/** Percent-decoded, one character a byte, so that no encoding of a text is better than another. */
export function decodeBytes(text: string): string {
  return plainText.test(text) ? text : decodeUnits(text).bytes;
}

/** The bytes of a text, and for each of them where it stands in the text. */
function decodeUnits(text: string): { bytes: string; offsets: number[] } {
  let bytes = '';
  const offsets: number[] = [];
  for (const match of text.matchAll(/%([0-9a-fA-F]{2})|[^]/gu)) {
    const unit = match[1] ? String.fromCharCode(Number.parseInt(match[1], 16)) : match[0];
    const encoded = match[1] || unit < '\x80' ? unit : Buffer.from(unit).toString('latin1');
    for (const byte of encoded) {
      bytes += byte;
      offsets.push(match.index);
    }
  }
  offsets.push(text.length);
  return { bytes, offsets };
}

/**
 * Values of the parameters of a segment, still encoded, or undefined. No value is empty. Where a
 * text between two parameters occurs more than once, its last place counts: `a.tar.gz` matched
 * by `{name}.{ext}` is `a.tar` and `gz`.
 */
export function matchSegment(segment: Segment, raw: string): string[] | undefined {
  const { text } = segment;
  const units = plainText.test(raw) ? undefined : decodeUnits(raw);
  const bytes = units?.bytes ?? raw;
  const first = text[0]!;
  const last = text.at(-1)!;
  let end = bytes.length - last.length;
  if (end < first.length || !bytes.startsWith(first) || !bytes.endsWith(last)) return undefined;
  const values: string[] = [];
  for (let index = text.length - 2; index >= 0; index--) {
    const before = text[index]!;
    const at = index === 0 ? 0 : bytes.lastIndexOf(before, end - 1 - before.length);
    const start = at + before.length;
    if (at < 0 || start >= end) return undefined;
    values.unshift(
      units ? raw.slice(units.offsets[start], units.offsets[end]) : raw.slice(start, end),
    );
    end = at;
  }
  return values;
}
