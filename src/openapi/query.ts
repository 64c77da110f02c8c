/** Names and raw values of a query, a form or a Cookie header. Values stay encoded. */
import { decodePlus } from './style.ts';

/** Raw values by decoded name; a name that comes again has a list. */
export type Occurrences = Map<string, string | string[]>;

/**
 * Splits `a=1&b=2`. A name whose percent-encoding is broken cannot be declared and is left out.
 * Stops and returns undefined at more than `fieldsMax` pairs.
 */
export function splitPairs(text: string, fieldsMax = Infinity): Occurrences | undefined {
  const found: Occurrences = new Map();
  let start = 0;
  let count = 0;
  while (start < text.length) {
    let end = text.indexOf('&', start);
    if (end < 0) end = text.length;
    if (end > start) {
      if (++count > fieldsMax) return undefined;
      let equals = text.indexOf('=', start);
      if (equals < 0 || equals > end) equals = end;
      const name = decodeName(text.slice(start, equals));
      if (name !== undefined) add(found, name, equals === end ? '' : text.slice(equals + 1, end));
    }
    start = end + 1;
  }
  return found;
}

function decodeName(text: string): string | undefined {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodePlus(text);
  } catch {
    return undefined;
  }
}

/** Adds one more value under a name. */
export function add<Value>(found: Map<string, Value | Value[]>, name: string, value: Value): void {
  const earlier = found.get(name);
  if (earlier === undefined) found.set(name, value);
  else if (Array.isArray(earlier)) earlier.push(value);
  else found.set(name, [earlier, value]);
}

/** Splits a Cookie header (RFC 6265, 4.2.1); quotes around a value are not part of it. */
export function splitCookies(header: string | string[] | undefined): Occurrences {
  const found: Occurrences = new Map();
  if (header === undefined) return found;
  const text = typeof header === 'string' ? header : header.join(';');
  for (const pair of text.split(';')) {
    const equals = pair.indexOf('=');
    if (equals < 0) continue;
    const value = pair.slice(equals + 1).trim();
    const isQuoted = value.length > 1 && value.startsWith('"') && value.endsWith('"');
    add(found, pair.slice(0, equals).trim(), isQuoted ? value.slice(1, -1) : value);
  }
  return found;
}
