/** Which entry of a `content` object a media type belongs to. */
import { isWithin, parseMedia, specificity, type Media } from './media.ts';
import { isObject } from './pointer.ts';
import type { Json } from './reference.ts';

export interface Entry<Reader> {
  /** The media type as sent. */
  media: Media;
  reader: Reader;
}

/** Undefined when no entry takes the media type. `usual` stands in for an absent one. */
export type Select<Reader> = (text: string | undefined, usual?: Media) => Entry<Reader> | undefined;

interface Option<Reader> {
  range: Media;
  source: Json;
  /** Compiled when first chosen, once for every media type that comes: a range takes many. */
  readers: Map<string, Reader>;
}

/** Readers of one range kept; a range such as `*` / `*` could be made to compile without end. */
const readersMax = 16;

/** `compile` makes a reader of a media type object. */
export function compileSelect<Reader>(
  content: Json,
  compile: (media: Media, mediaType: Json) => Reader,
): Select<Reader> {
  const options: Option<Reader>[] = [];
  for (const [name, source] of Object.entries(content)) {
    const range = parseMedia(name);
    const object = isObject(source) ? source : {};
    if (range) options.push({ range, source: object, readers: new Map() });
  }
  options.sort((a, b) => specificity(b.range) - specificity(a.range));
  // Most requests of an operation say the same: no parsing for those.
  let lastText: string | undefined;
  let last: Entry<Reader> | undefined;
  return (text, usual) => {
    if (text !== undefined && text === lastText) return last;
    const media = text === undefined ? usual : parseMedia(text);
    const option = media && options.find(({ range }) => isWithin(media, range));
    if (!option) return undefined;
    const name = `${media.type}/${media.subtype}`;
    let reader = option.readers.get(name);
    if (reader === undefined) {
      reader = compile(media, option.source);
      if (option.readers.size < readersMax) option.readers.set(name, reader);
    }
    const entry = { media, reader };
    if (text !== undefined) [lastText, last] = [text, entry];
    return entry;
  };
}
