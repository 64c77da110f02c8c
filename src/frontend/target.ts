/** The request target, RFC 9112 section 3.2: taken apart as it came, never normalised. */
import { FuncatronError } from '../errors.ts';

export interface Target {
  /** Raw and still percent-encoded; begins with a slash, or is `*`. */
  path: string;
  /** Raw, without its question mark; empty for none. */
  query: string;
  /** Host and port of an absolute-form target; it overrides the Host header. */
  authority: string | undefined;
}

const slash = 47;

/**
 * Takes a request target apart. Throws `bad_request` for anything a proxy in front and a Func
 * behind could read differently: dot segments, broken escapes, backslashes, bytes no URI has.
 */
export function parseTarget(url: string): Target {
  if (url.charCodeAt(0) === slash) return splitPath(url, undefined);
  if (url === '*') return { path: '*', query: '', authority: undefined };
  const scheme = /^https?:\/\//i.exec(url);
  if (!scheme) throw bad(url, 'it must begin with a slash, or be an http:// or https:// URI');
  const from = scheme[0].length;
  const length = url.slice(from).search(/[/?]/);
  const authority = length === -1 ? url.slice(from) : url.slice(from, from + length);
  const rest = length === -1 ? '' : url.slice(from + length);
  if (authority === '') throw bad(url, 'it names no host');
  return splitPath(rest.startsWith('/') ? rest : `/${rest}`, authority);
}

/** One pass over the characters: this runs for every call. */
function splitPath(url: string, authority: string | undefined): Target {
  let end = -1;
  let suspect = false;
  let before = 0;
  for (let at = 0; at < url.length; at++) {
    const char = url.charCodeAt(at);
    // Letters, `@ [ ] ^ _ { | } ~` and the backtick; all that needs a look is below 64, or 92.
    if (char >= 64 && char < 127 && char !== 92) {
      before = char;
      continue;
    }
    if (char <= 32 || char >= 127 || char === 92 || char === 35)
      throw bad(url, `it has ${nameChar(char)}; percent-encode it`);
    if (end === -1) {
      if (char === 63) end = at;
      else if (char === 37 || (char === 46 && before === slash)) suspect = true;
    }
    before = char;
  }
  const path = end === -1 ? url : url.slice(0, end);
  if (suspect) checkSegments(path);
  return { path, query: end === -1 ? '' : url.slice(end + 1), authority };
}

function checkSegments(path: string): void {
  for (const segment of path.split('/')) {
    const plain = segment.replaceAll(/%2e/gi, '.');
    if (plain === '.' || plain === '..')
      throw bad(path, 'it has a dot segment; send the path it stands for');
  }
  try {
    decodeURIComponent(path);
  } catch {
    throw bad(path, 'its percent-encoding is broken; write a lone % as %25 and text as UTF-8');
  }
}

function nameChar(char: number): string {
  if (char === 92) return 'a backslash';
  if (char === 35) return 'a fragment sign (#)';
  return `the byte 0x${char.toString(16).padStart(2, '0')}`;
}

function bad(url: string, why: string): FuncatronError {
  const shown = url.length > 100 ? `${url.slice(0, 100)}...` : url;
  return new FuncatronError('bad_request', `the request target "${shown}" is refused: ${why}`);
}
