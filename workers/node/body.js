/** What a Func gets as `data`, by the kind of body the contract declares. */

/** A body that cannot be what the head says it is. */
export class MalformedBody extends Error {
  code = 'malformed_body';
}

/**
 * @param {'none' | 'json' | 'text' | 'binary' | 'form' | 'multipart'} kind
 * @param {Buffer} bytes
 */
export function decode(kind, bytes) {
  switch (kind) {
    case 'json':
    case 'form':
      return bytes.length === 0 ? undefined : parse(bytes);
    case 'text':
      return bytes.toString();
    case 'binary':
      return bytes;
    case 'multipart':
      return decodeMultipart(bytes);
    default:
      return undefined;
  }
}

function parse(bytes) {
  try {
    return JSON.parse(bytes.toString());
  } catch (error) {
    throw new MalformedBody(`the body is no JSON: ${error.message}`);
  }
}

/** `u32 JSON length | JSON | files`: a file in the JSON is `{$file: {offset, size, ...}}`. */
function decodeMultipart(bytes) {
  const end = 4 + bytes.readUInt32BE(0);
  const files = bytes.subarray(end);
  return JSON.parse(bytes.toString('utf8', 4, end), (_key, value) => {
    const file = value?.$file;
    if (file === undefined) return value;
    const { filename, contentType, offset, size } = file;
    return { filename, contentType, bytes: files.subarray(offset, offset + size) };
  });
}
