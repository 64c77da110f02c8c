/** Takes in the head of a request: its size, its target, its host. */
import { FuncatronError } from '../errors.ts';
import type { Headers } from '../message.ts';
import type { Exchange } from './exchange.ts';
import { checkCoding, chunked, declaredLength } from './request-body.ts';
import { parseTarget } from './target.ts';

/** Throws `uri_too_long`, `headers_too_large` or `bad_request`. */
export function readHead(x: Exchange): void {
  const { request, headers } = x;
  const { uriMax, headersMax } = x.door.options;
  x.declared = declaredLength(headers);
  const url = request.url!;
  if (url.length > uriMax) {
    const detail = `the request target has ${url.length} characters of ${uriMax} (--uri-max)`;
    throw new FuncatronError('uri_too_long', detail);
  }
  checkHeaders(request.rawHeaders, headersMax);
  if (x.declared === chunked) checkCoding(headers);
  const target = parseTarget(url);
  x.path = target.path;
  x.query = target.query;
  const host = target.authority ?? headers.host;
  if (host !== undefined) x.host = x.connection.host(host as string);
  else if (request.httpVersion !== '1.0')
    throw new FuncatronError('bad_request', 'there is no Host header; HTTP/1.1 requires one');
}

/** Node keeps the first of several Host headers: a proxy in front may have gone by the last. */
function checkHeaders(raw: readonly string[], headersMax: number): void {
  let size = 0;
  let hosts = 0;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!;
    // The colon, a space and the line end.
    size += name.length + raw[at + 1]!.length + 4;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  if (hosts > 1) throw new FuncatronError('bad_request', 'there is more than one Host header');
  if (size <= headersMax) return;
  const detail = `the headers have ${size} bytes of ${headersMax} (--headers-max)`;
  throw new FuncatronError('headers_too_large', detail);
}

/**
 * The headers that travel on: not those of this one connection (RFC 9110 section 7.6.1). A plain
 * `connection: keep-alive` or `close` tells nobody anything and stays, which saves the copy.
 */
export function endToEndHeaders(headers: Headers, bodyLength?: number): Headers {
  const { connection } = headers;
  const plain = connection === undefined || connection === 'keep-alive' || connection === 'close';
  if (plain && !headers['transfer-encoding'] && !headers.te && !headers.upgrade && !headers.expect)
    return headers;
  const dropped = new Set(
    `${String(connection ?? '')},${hopByHop}`.split(',').map((name) => name.trim().toLowerCase()),
  );
  const kept = Object.entries(headers).filter(([name]) => !dropped.has(name));
  const out: Headers = Object.fromEntries(kept);
  if (headers['transfer-encoding'] && bodyLength !== undefined)
    out['content-length'] = String(bodyLength);
  return out;
}

const hopByHop =
  'connection,keep-alive,proxy-connection,te,trailer,transfer-encoding,upgrade,expect';
