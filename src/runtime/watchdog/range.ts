import type { Headers } from '../../message.ts';

export interface Range {
  start: number;
  /** The first byte that is not part of it. */
  end: number;
}

/**
 * The part of a file a request asks for (RFC 9110 section 14.2): undefined for all of it, `none`
 * where there is no such part. Several ranges are answered with the whole, as one may.
 */
export function parseRange(
  headers: Headers,
  size: number,
  modified: string,
): Range | undefined | 'none' {
  const text = [headers['range']].flat()[0];
  const condition = [headers['if-range']].flat()[0];
  if (text === undefined || (condition !== undefined && condition !== modified)) return undefined;
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(text.replaceAll(' ', ''));
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const [, from, to] = match as unknown as [string, string, string];
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === '' || to === '' ? size : Math.min(size, Number(to) + 1);
  return start < end ? { start, end } : 'none';
}
