import { isUtf8 } from 'node:buffer';

/**
 * Content type of output that nobody declared: text if it is UTF-8 without a NUL byte, else octets.
 * `more`: the bytes are only the beginning, and may end within a character.
 */
export function plainType(bytes: Buffer, more = false): string {
  const text = more ? bytes.subarray(0, lastWhole(bytes)) : bytes;
  return isUtf8(text) && !text.includes(0)
    ? 'text/plain; charset=utf-8'
    : 'application/octet-stream';
}

/** Where the last character that may be incomplete begins (RFC 3629: at most four bytes). */
function lastWhole(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++)
    if (bytes[bytes.length - back]! >= 0xc0) return bytes.length - back;
  return bytes.length;
}
