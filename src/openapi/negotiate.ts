/** Content negotiation (RFC 9110, 12.5.1): whether a declared response type is acceptable. */
import { FuncatronError } from '../errors.ts';
import type { Headers } from '../message.ts';
import { isWithin, parseMedia, specificity, type Media } from './media.ts';

interface Preference {
  range: Media;
  /** Quality, 0 to 1; 0 means not acceptable. */
  quality: number;
}

export type Negotiate = (headers: Headers) => void;

/**
 * `offered` are the media types of the 2xx responses; none means that anything may come. The
 * function throws `not_acceptable`; a request without Accept takes everything.
 */
export function compileNegotiate(offered: readonly string[]): Negotiate {
  const types = offered.flatMap((text) => parseMedia(text) ?? []);
  let lastAccepted: string | undefined;
  return (headers) => {
    const header = headers['accept'];
    if (header === undefined || header === '*/*' || types.length === 0) return;
    const text = typeof header === 'string' ? header : header.join(',');
    if (text === lastAccepted) return;
    const preferences = parseAccept(text);
    const isAccepted = types.some((type) => accepts(preferences, type));
    // A header in which nothing can be understood asks for nothing.
    if (!isAccepted && preferences.length > 0) {
      const detail = `The request accepts ${text}; the operation offers ${offered.join(', ')}.`;
      throw new FuncatronError('not_acceptable', detail);
    }
    lastAccepted = text;
  };
}

function parseAccept(text: string): Preference[] {
  const preferences: Preference[] = [];
  for (const element of splitList(text)) {
    const media = parseMedia(element);
    if (!media) continue;
    const parameters = new Map(media.parameters);
    const quality = Number(parameters.get('q') ?? 1);
    parameters.delete('q');
    if (quality >= 0 && quality <= 1)
      preferences.push({ range: { ...media, parameters }, quality });
  }
  return preferences.sort((a, b) => specificity(b.range) - specificity(a.range));
}

/** Splits at commas outside quotes, reading the text once whatever is in it. */
function splitList(text: string): string[] {
  const elements: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') isQuoted = !isQuoted;
    else if (character === '\\' && isQuoted) at++;
    else if (character === ',' && !isQuoted) {
      elements.push(text.slice(start, at));
      start = at + 1;
    }
  }
  elements.push(text.slice(start));
  return elements;
}

/** The most specific range that fits decides. A declared range is met by anything within it. */
function accepts(preferences: readonly Preference[], type: Media): boolean {
  const fitting = preferences.find(({ range }) => isWithin(type, range));
  if (fitting) return fitting.quality > 0;
  const isRange = type.type === '*' || type.subtype === '*';
  return isRange && preferences.some(({ range, quality }) => quality > 0 && isWithin(range, type));
}
