/**
 * CloudEvents 1.0 as brokers carry them, in binary mode (attributes in headers) and structured mode
 * (one JSON document). What comes out is always binary mode in HTTP's names: `ce-type` and so on.
 */
import { FuncatronError } from './errors.ts';
import type { Headers } from './message.ts';

export interface EventMessage {
  headers: Headers;
  body: Uint8Array;
}

const structured = /^application\/cloudevents\+json\b/i;
const batch = /^application\/cloudevents-batch\+json\b/i;
/** Attribute names (CloudEvents 1.0, 3.1): lower-case letters and digits. */
const attributeName = /^[a-z0-9]{1,64}$/;
const required = ['id', 'source', 'type'];

/**
 * The events in a message; one that says nothing of CloudEvents is an event as it is. Throws
 * `event_refused` for what says that it is one and breaks the specification.
 */
export function readEvents(message: EventMessage): EventMessage[] {
  const type = String(message.headers['content-type'] ?? '');
  if (structured.test(type)) return [fromJson(parse(message.body))];
  if (batch.test(type)) {
    const list = parse(message.body);
    if (!Array.isArray(list)) throw refused('a batch is no JSON array');
    return list.map(fromJson);
  }
  if (message.headers['ce-specversion'] !== undefined) checkAttributes(message.headers);
  return [message];
}

function fromJson(event: unknown): EventMessage {
  if (typeof event !== 'object' || event === null || Array.isArray(event))
    throw refused('an event is no JSON object');
  const {
    data,
    data_base64: base64,
    datacontenttype,
    ...attributes
  } = event as Record<string, unknown>;
  const headers: Headers = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null) continue;
    if (!attributeName.test(name)) throw refused(`"${name}" is no name of an attribute`);
    if (typeof value === 'object') throw refused(`attribute ${name} is no text`);
    headers[`ce-${name}`] = String(value);
  }
  checkAttributes(headers);
  const contentType = String(datacontenttype ?? 'application/json');
  if (data !== undefined || base64 !== undefined) headers['content-type'] = contentType;
  return { headers, body: bodyOf(data, base64, contentType) };
}

/** `data` is JSON unless its content type says otherwise (JSON format, 3.1.1). */
function bodyOf(data: unknown, base64: unknown, contentType: string): Uint8Array {
  if (typeof base64 === 'string') return Buffer.from(base64, 'base64');
  if (base64 !== undefined) throw refused('data_base64 is no text');
  if (data === undefined) return new Uint8Array(0);
  const isJson = /^[^;]*[/+]json\s*(;|$)/i.test(contentType);
  if (typeof data === 'string' && !isJson) return Buffer.from(data);
  return Buffer.from(JSON.stringify(data));
}

function checkAttributes(headers: Headers): void {
  const version = headers['ce-specversion'];
  if (version !== '1.0') throw refused(`specversion ${String(version)} is not 1.0`);
  for (const name of required)
    if (!headers[`ce-${name}`]) throw refused(`attribute ${name} is missing`);
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw refused(`its body is no JSON: ${why}`);
  }
}

function refused(what: string): FuncatronError {
  return new FuncatronError('event_refused', `a CloudEvent breaks CloudEvents 1.0: ${what}`);
}
