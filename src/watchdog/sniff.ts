/**
 * The content type of bytes that nobody declared, by the algorithm of the MIME Sniffing standard
 * (https://mimesniff.spec.whatwg.org, sections 6 and 7.1) as Go's net/http applies it.
 */

/** What is looked at. */
const headBytes = 512;

const htmlTags =
  '!DOCTYPE HTML|HTML|HEAD|SCRIPT|IFRAME|H1|DIV|FONT|TABLE|A|STYLE|TITLE|B|BODY|BR|P|!--'.split(
    '|',
  );

/** Beginnings, each byte a character. */
const beginnings: readonly (readonly [text: string, type: string])[] = [
  ['%PDF-', 'application/pdf'],
  ['%!PS-Adobe-', 'application/postscript'],
  ['\xfe\xff', 'text/plain; charset=utf-16be'],
  ['\xff\xfe', 'text/plain; charset=utf-16le'],
  ['\xef\xbb\xbf', 'text/plain; charset=utf-8'],
  ['\0\0\x01\0', 'image/x-icon'],
  ['\0\0\x02\0', 'image/x-icon'],
  ['BM', 'image/bmp'],
  ['GIF87a', 'image/gif'],
  ['GIF89a', 'image/gif'],
  ['\x89PNG\r\n\x1a\n', 'image/png'],
  ['\xff\xd8\xff', 'image/jpeg'],
  ['ID3', 'audio/mpeg'],
  ['OggS\0', 'application/ogg'],
  ['MThd\0\0\0\x06', 'audio/midi'],
  ['\x1a\x45\xdf\xa3', 'video/webm'],
  ['\0\x01\0\0', 'font/ttf'],
  ['OTTO', 'font/otf'],
  ['ttcf', 'font/collection'],
  ['wOFF', 'font/woff'],
  ['wOF2', 'font/woff2'],
  ['\x1f\x8b\x08', 'application/x-gzip'],
  ['PK\x03\x04', 'application/zip'],
  ['Rar!\x1a\x07\0', 'application/x-rar-compressed'],
  ['Rar!\x1a\x07\x01\0', 'application/x-rar-compressed'],
  ['\0asm', 'application/wasm'],
];

/** Kinds of one container format, told by its ninth byte on. */
const containers: readonly (readonly [outer: string, inner: string, type: string])[] = [
  ['RIFF', 'WEBPVP', 'image/webp'],
  ['RIFF', 'AVI ', 'video/avi'],
  ['RIFF', 'WAVE', 'audio/wave'],
  ['FORM', 'AIFF', 'audio/aiff'],
];

/** Type by the first 512 bytes; text unless there is a byte that no text has. */
export function sniffType(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, headBytes));
  const text = head.toString('latin1');
  const lead = /^[\t\n\f\r ]*/.exec(text)![0].length;
  if (isHtml(text.slice(lead))) return 'text/html; charset=utf-8';
  if (text.startsWith('<?xml', lead)) return 'text/xml; charset=utf-8';
  const known = beginnings.find(([begin]) => text.startsWith(begin));
  if (known) return known[1];
  const held = containers.find(
    ([outer, inner]) => text.startsWith(outer) && text.startsWith(inner, 8),
  );
  if (held) return held[2];
  if (isMp4(head, text)) return 'video/mp4';
  // oxlint-disable-next-line no-control-regex -- the binary data bytes of section 3
  return /[\0-\x08\x0b\x0e-\x1a\x1c-\x1f]/.test(text.slice(lead))
    ? 'application/octet-stream'
    : 'text/plain; charset=utf-8';
}

function isHtml(text: string): boolean {
  if (!text.startsWith('<')) return false;
  const upper = text.slice(1, 20).toUpperCase();
  return htmlTags.some((tag) => {
    if (!upper.startsWith(tag)) return false;
    return tag === '!--' || [' ', '>'].includes(upper[tag.length] ?? '');
  });
}

/** Section 6.2.1: a box `ftyp` whose brands begin with `mp4`. */
function isMp4(head: Buffer, text: string): boolean {
  if (head.length < 12) return false;
  const size = head.readUInt32BE(0);
  if (size % 4 !== 0 || head.length < size || !text.startsWith('ftyp', 4)) return false;
  for (let at = 8; at < size; at += 4) if (at !== 12 && text.startsWith('mp4', at)) return true;
  return false;
}
