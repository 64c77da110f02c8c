/** What a client did that is no HTTP, in words. */
import { FuncatronError } from '../errors.ts';
import type { FrontendOptions } from './option.ts';

/** The fault to answer with; undefined when nobody is there to read an answer. */
export function explainClientError(
  error: NodeJS.ErrnoException & { reason?: string },
  options: FrontendOptions,
): FuncatronError | undefined {
  const { headersMax, uriMax, headersTimeoutMs, requestTimeoutMs } = options;
  switch (error.code) {
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ECONNABORTED':
      return undefined;
    case 'HPE_HEADER_OVERFLOW': {
      const detail = `request line and headers have over ${uriMax} + ${headersMax} bytes (--uri-max, --headers-max)`;
      return new FuncatronError('headers_too_large', detail);
    }
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new FuncatronError('body_too_large', 'the extensions of a chunk are over 16 KiB');
    case 'ERR_HTTP_REQUEST_TIMEOUT': {
      const detail = `the headers must come within ${headersTimeoutMs} ms (--headers-timeout), the whole request within ${requestTimeoutMs} ms (--request-timeout)`;
      return new FuncatronError('request_timeout', detail);
    }
    default: {
      const detail = `the request is not well-formed HTTP/1.1: ${error.reason ?? error.message}`;
      return new FuncatronError('bad_request', detail);
    }
  }
}
