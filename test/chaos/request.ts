/** One request, and what became of it. */
import { request } from 'node:http';
import type { Agent, ClientRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from './phase.ts';

export interface Request {
  url: string;
  agent: Agent;
  /** Without one, a GET. */
  body?: Buffer;
  type?: string;
  /** Sends the body in so many pieces, with pauses. */
  pieces?: number;
  /** Without an end so long after its begin it hangs. */
  hungMs: number;
}

const pieceMs = 20;

/** Never rejects. */
export function ask({ url, agent, body, type, pieces = 1, hungMs }: Request): Promise<Outcome> {
  return new Promise((resolve) => {
    const headers = type === undefined ? {} : { 'content-type': type };
    const sent = request(url, { method: body ? 'POST' : 'GET', headers, agent });
    let hasBegun = false;
    const end = (outcome: Outcome): void => {
      clearTimeout(timer);
      resolve(outcome);
    };
    const breakUp = (): void => end({ kind: hasBegun ? 'brokeOff' : 'broken' });
    const timer = setTimeout(() => {
      end({ kind: 'hung' });
      sent.destroy();
    }, hungMs);
    sent.on('error', breakUp);
    sent.on('response', (response) => {
      hasBegun = true;
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', breakUp);
      response.on('end', () =>
        end({ kind: 'answer', status: response.statusCode!, bytes: Buffer.concat(chunks) }),
      );
    });
    void send(sent, body, pieces);
  });
}

async function send(sent: ClientRequest, body: Buffer | undefined, pieces: number): Promise<void> {
  if (body && pieces > 1) {
    const size = Math.ceil(body.length / pieces);
    for (let at = 0; at < body.length && !sent.destroyed; at += size) {
      sent.write(body.subarray(at, at + size));
      await sleep(pieceMs);
    }
    sent.end();
  } else sent.end(body);
}
