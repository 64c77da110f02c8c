/**
 * `multipart/form-data` (RFC 7578, on RFC 2046, 5.1) of a whole body: parts are slices of it, no
 * byte is copied. Throws `malformed_body`.
 */
import { FuncatronError } from '../errors.ts';

export interface Part {
  name: string;
  /** Without its directories; absent for a plain field. */
  filename?: string;
  /** As the part says it; absent when it says nothing. */
  contentType?: string;
  bytes: Uint8Array;
}

export interface MultipartLimits {
  fieldsMax: number;
  partHeaderBytesMax: number;
}

/** All parts in order. `boundary` is the media type's parameter. */
export function parseMultipart(
  bytes: Uint8Array,
  boundary: string,
  limits: MultipartLimits,
): Part[] {
  // RFC 2046, 5.1.1; without a bound, searching could be made slow.
  if (boundary === '' || boundary.length > 70) throw malformed('its boundary must be 1 to 70 long');
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const parts: Part[] = [];
  const startsAtOnce = body.subarray(0, delimiter.length - 2).equals(delimiter.subarray(2));
  // The first delimiter may stand at the very start, as if a line had ended before it.
  let at = startsAtOnce ? -2 : findDelimiter(body, delimiter, 0);
  if (at === undefined) throw malformed(`its boundary ${JSON.stringify(boundary)} never comes`);
  for (;;) {
    at += delimiter.length;
    if (body[at] === dash && body[at + 1] === dash) return parts;
    if (parts.length >= limits.fieldsMax)
      throw malformed(`it has more than ${limits.fieldsMax} parts (fieldsMax)`);
    const place = `part ${parts.length + 1}`;
    const headEnd = body.indexOf('\r\n\r\n', at);
    const end = findDelimiter(body, delimiter, at);
    if (end === undefined) throw malformed(`${place} ends without a boundary`);
    if (headEnd < 0 || headEnd > end) throw malformed(`${place} has no end of headers`);
    if (headEnd - at > limits.partHeaderBytesMax)
      throw malformed(`${place} has over ${limits.partHeaderBytesMax} bytes of headers`);
    const head = body.toString('utf8', at, headEnd);
    const start = headEnd + 4;
    parts.push({ ...readHead(head, place), bytes: bytes.subarray(start, Math.max(start, end)) });
    at = end;
  }
}

const dash = 0x2d;

/** Where the next delimiter line begins: one that ends as RFC 2046 has it, not a longer word. */
function findDelimiter(body: Buffer, delimiter: Buffer, from: number): number | undefined {
  for (let at = from; ; at++) {
    at = body.indexOf(delimiter, at);
    if (at < 0) return undefined;
    let after = at + delimiter.length;
    if (body[after] === dash && body[after + 1] === dash) return at;
    while (body[after] === 0x20 || body[after] === 0x09) after++;
    if (body[after] === 0x0d && body[after + 1] === 0x0a) return at;
  }
}

function readHead(head: string, place: string): Omit<Part, 'bytes'> {
  let disposition: string | undefined;
  let contentType: string | undefined;
  // A line that begins with space continues the one before.
  for (const line of head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const colon = line.indexOf(':');
    const value = line.slice(colon + 1).trim();
    switch (line.slice(0, Math.max(colon, 0)).trim().toLowerCase()) {
      case 'content-disposition':
        disposition = value;
        break;
      case 'content-type':
        contentType = value;
        break;
      case 'content-transfer-encoding':
        if (!/^(?:7bit|8bit|binary)$/i.test(value))
          throw malformed(`${place} is sent in ${value}; send it as it is (RFC 7578, 4.7)`);
    }
  }
  const { name, filename } = readDisposition(disposition ?? '');
  if (name === undefined) throw malformed(`${place} has no name in its Content-Disposition`);
  return {
    name,
    ...(filename !== undefined && { filename }),
    ...(contentType !== undefined && { contentType }),
  };
}

/** Sticky: one parameter right after the other, so that no text is read twice. */
const parameter = /;\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";]+))\s*/y;

function readDisposition(text: string): { name?: string; filename?: string } {
  if (!/^form-data\s*;/i.test(text)) return {};
  const found = new Map<string, string>();
  parameter.lastIndex = text.indexOf(';');
  for (let next = parameter.exec(text); next; next = parameter.exec(text)) {
    const [, key, quoted, plain] = next;
    found.set(key!.toLowerCase(), plain ?? unescapeQuoted(quoted!));
  }
  const name = found.get('name');
  const filename = decodeExtended(found.get('filename*')) ?? found.get('filename');
  return {
    ...(name !== undefined && { name }),
    // A path in a file name is the sender's business at best, and an attack at worst.
    ...(filename !== undefined && { filename: filename.replace(/^.*[/\\]/s, '') }),
  };
}

/** Browsers write `%22`, `%0D`, `%0A` (HTML, multipart/form-data encoding), others a backslash. */
function unescapeQuoted(text: string): string {
  const plain = text.replaceAll(/\\(["\\])/g, '$1');
  return plain.replaceAll(/%(22|0D|0A)/gi, (found) => decodeURIComponent(found));
}

/** `UTF-8''na%C3%AFve.txt` (RFC 8187, 3.2). */
function decodeExtended(text: string | undefined): string | undefined {
  const found = /^utf-8'[^']*'(.*)$/is.exec(text ?? '');
  if (!found) return undefined;
  try {
    return decodeURIComponent(found[1]!);
  } catch {
    return undefined;
  }
}

function malformed(why: string): FuncatronError {
  return new FuncatronError('malformed_body', `The multipart body cannot be read: ${why}.`);
}
