/** The host a request asks for. */
import { FuncatronError } from '../errors.ts';

// RFC 3986 section 3.2.2: a registered name or IPv4 address, or an IP literal in brackets.
const hostForm = /^(\[[0-9a-f:.]+\]|[a-z0-9._~!$&'()*+,;=%-]*)(?::\d{0,5})?$/;

/** Host without its port, lower case; empty when none is named. Throws `bad_request`. */
export function normalHost(raw: string): string {
  const host = hostForm.exec(raw.toLowerCase());
  if (!host) {
    const detail = `"${raw.slice(0, 100)}" is no host; send the server's name, with its port at most`;
    throw new FuncatronError('bad_request', detail);
  }
  return host[1]!;
}
