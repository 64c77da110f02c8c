/** What goes into a Func and what comes out: data from request bodies, answers from results. */

/** Loaded when it is needed: node:util as a module import would cost a tenth of the start. */
const format = (...args) => process.getBuiltinModule('node:util').format(...args);

/**
 * @typedef {object} Answer
 * @property {string} head JSON
 * @property {string | Uint8Array | AsyncIterable<unknown> | Iterable<unknown>} body
 * @property {boolean} [brief] A stream that may well be whole already.
 */

const jsonHead = '{"status":200,"headers":{"content-type":"application/json"}}';
const bytesHead = '{"status":200,"headers":{"content-type":"application/octet-stream"}}';
const nothing = { head: '{"status":204,"headers":{}}', body: '' };
const headLengthMax = 60_000;
/** What a header may be: RFC 9110 5.1 and 5.5. */
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;
const envelopeKeys = new Set(['status', 'headers', 'body']);

/** A result that is no response. */
export class BadResult extends Error {
  code = 'func_bad_result';
}

/**
 * @param {unknown} value
 * @returns {Answer}
 */
export function toAnswer(value) {
  if (value === undefined) return nothing;
  if (typeof value !== 'object' || value === null) return { head: jsonHead, body: toJson(value) };
  const body = rawBody(value);
  if (body !== undefined) return { head: bytesHead, body };
  const tag = value[Symbol.toStringTag];
  if (tag === 'Response') return fromResponse(value);
  if (tag === 'Blob' || tag === 'File') return fromBlob(value);
  return isEnvelope(value) ? fromEnvelope(value) : { head: jsonHead, body: toJson(value) };
}

/** Bytes and streams; undefined for anything else. */
function rawBody(value) {
  if (value[Symbol.asyncIterator] !== undefined) return value;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return toBytes(value);
  return value[Symbol.toStringTag] === 'Generator' ? value : undefined;
}

/** `{status, headers?, body?}` and nothing else, which a status of a number tells from data. */
function isEnvelope(value) {
  if (typeof value.status !== 'number') return false;
  for (const key of Object.keys(value)) if (!envelopeKeys.has(key)) return false;
  return 'body' in value || 'headers' in value || isStatus(value.status);
}

function fromEnvelope({ status, headers, body }) {
  const plain = toHeaders(headers);
  if (body === undefined || body === null) return { head: toHead(status, plain), body: '' };
  if (typeof body === 'string') {
    plain['content-type'] ??= 'text/plain; charset=utf-8';
    return { head: toHead(status, plain), body };
  }
  const raw = typeof body === 'object' ? rawBody(body) : undefined;
  plain['content-type'] ??= raw === undefined ? 'application/json' : 'application/octet-stream';
  return { head: toHead(status, plain), body: raw ?? toJson(body) };
}

/** A Response of fetch: any implementation's. */
function fromResponse(response) {
  if (response.bodyUsed) throw new BadResult('the Func returned a Response whose body was read');
  const head = toHead(response.status, toHeaders(response.headers));
  return response.body ? { head, body: response.body, brief: true } : { head, body: '' };
}

function fromBlob(blob) {
  const headers = { 'content-type': blob.type || 'application/octet-stream' };
  return { head: toHead(200, headers), body: blob.stream() };
}

const isStatus = (status) => Number.isInteger(status) && status >= 200 && status <= 599;

function toHead(status, headers) {
  if (!isStatus(status))
    throw new BadResult(`the Func answered with status ${status}; use an integer of 200 to 599`);
  const head = JSON.stringify({ status, headers });
  if (head.length > headLengthMax)
    throw new BadResult('the headers the Func returned are too long');
  return head;
}

/** Lower-case names; values text or lists of text. Takes an object, entries or Headers. */
function toHeaders(given) {
  const headers = {};
  if (given === undefined || given === null) return headers;
  const entries = typeof given.entries === 'function' ? given.entries() : Object.entries(given);
  for (const [name, value] of entries) {
    if (value === undefined || value === null) continue;
    const key = checked(String(name), headerName, name).toLowerCase();
    const text = Array.isArray(value)
      ? value.map((item) => checked(String(item), headerValue, name))
      : checked(String(value), headerValue, name);
    headers[key] = key in headers ? [].concat(headers[key], text) : text;
  }
  return headers;
}

function checked(text, pattern, name) {
  if (pattern.test(text)) return text;
  throw new BadResult(`the Func returned a header that HTTP does not allow: ${format('%j', name)}`);
}

function toJson(value) {
  let text;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new BadResult(`the Func returned what JSON cannot express: ${error.message}`);
  }
  if (text === undefined) throw new BadResult(`the Func returned a ${typeof value}`);
  return text;
}

/** Bytes of a chunk that a Func's stream gave. */
export function toBytes(chunk) {
  if (typeof chunk === 'string') return Buffer.from(chunk);
  if (chunk instanceof Uint8Array) return chunk;
  if (ArrayBuffer.isView(chunk))
    return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (chunk instanceof ArrayBuffer) return Buffer.from(chunk);
  return undefined;
}

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
