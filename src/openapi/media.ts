/** Media types and ranges (RFC 9110, 8.3.1 and 12.5.1). */
import type { BodyKind } from '../message.ts';

export interface Media {
  /** Lower case; `*` in a range. */
  type: string;
  subtype: string;
  /** Names in lower case, values as written without quotes. */
  parameters: ReadonlyMap<string, string>;
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const essence = new RegExp(`^\\s*(${token})/(${token})\\s*(?:;|$)`);
const parameter = new RegExp(
  `;\\s*(?:(${token})=(?:(${token})|"((?:[^"\\\\]|\\\\.)*)"))?\\s*`,
  'y',
);

/** Undefined for text that is no media type. */
export function parseMedia(text: string): Media | undefined {
  const found = essence.exec(text);
  if (!found) return undefined;
  const parameters = new Map<string, string>();
  parameter.lastIndex = text.indexOf(';');
  while (parameter.lastIndex >= 0 && parameter.lastIndex < text.length) {
    const next = parameter.exec(text);
    if (!next) return undefined;
    const [, name, plain, quoted] = next;
    if (name === undefined) continue;
    parameters.set(name.toLowerCase(), plain ?? quoted!.replaceAll(/\\(.)/gs, '$1'));
  }
  return { type: found[1]!.toLowerCase(), subtype: found[2]!.toLowerCase(), parameters };
}

/**
 * Whether a media type lies within a range. Parameters of the range must be there, except `charset`,
 * which says how the text is written, not what it is.
 */
export function isWithin(media: Media, range: Media): boolean {
  if (range.type !== '*' && range.type !== media.type) return false;
  if (range.subtype !== '*' && range.subtype !== media.subtype) return false;
  for (const [name, value] of range.parameters) {
    if (name !== 'charset' && media.parameters.get(name) !== value) return false;
  }
  return true;
}

/** How much a range says: of those that fit, the one that says most is meant. */
export function specificity({ type, subtype, parameters }: Media): number {
  const names = [...parameters.keys()].filter((name) => name !== 'charset');
  return (type === '*' ? 0 : 1000) + (subtype === '*' ? 0 : 1000) + names.length;
}

/** `application/json` and every `+json` (RFC 6839, 3.1). */
export function isJson({ type, subtype }: Media): boolean {
  return (type === 'application' && subtype === 'json') || subtype.endsWith('+json');
}

/** What a body of this type is to a Func. */
export function kindOf(media: Media): BodyKind {
  if (isJson(media)) return 'json';
  if (media.type === 'text') return 'text';
  const name = `${media.type}/${media.subtype}`;
  if (name === 'application/x-www-form-urlencoded') return 'form';
  return name === 'multipart/form-data' ? 'multipart' : 'binary';
}
