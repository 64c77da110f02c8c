/** One HTTP request as `invoke` makes it: unlike `fetch`, it can name the host it asks for. */
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { FuncatronError } from '../errors.ts';

export interface HttpCall {
  method: string;
  headers: OutgoingHttpHeaders;
  body: Uint8Array | undefined;
}

/** The answer, its body still to be read. Throws `unreachable`. */
export async function callHttp(url: string, call: HttpCall): Promise<IncomingMessage> {
  const { request } = url.startsWith('https:')
    ? await import('node:https')
    : await import('node:http');
  const { method, headers, body } = call;
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, resolve);
    sent.on('error', (cause: Error) => {
      const detail = `no frontend answers at ${new URL(url).origin} (${cause.message || 'refused'})`;
      const mend = 'name another with --frontend';
      reject(new FuncatronError('unreachable', `${detail}; ${mend}`, { cause }));
    });
    sent.end(body);
  });
}
