/** What an operation of the REST API answers, and how it is sent. */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FuncatronError } from '../errors.ts';

export interface Answer {
  status: number;
  headers: OutgoingHttpHeaders;
  body: string | Uint8Array | Readable;
}

const jsonType = 'application/json; charset=utf-8';
/** A client that still sends gets so long to read the answer before its connection is cut. */
const lingerMs = 2000;

/** JSON as the first Funcatron wrote it: indented, everything beyond ASCII escaped. */
export function json(status: number, value: unknown, type = jsonType): Answer {
  const text = JSON.stringify(value, null, 2).replaceAll(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return { status, headers: { 'content-type': type }, body: text };
}

export function text(status: number, body: string): Answer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

export function nothing(status: number): Answer {
  return { status, headers: {}, body: '' };
}

/** An error as RFC 9457 has it. */
export function problem(fault: FuncatronError): Answer {
  const { code, status, title, detail, component, errors, headers } = fault.toProblem();
  const type = `urn:funcatron:error:${code}`;
  const value = { type, title, status, detail, code, component, ...(errors && { errors }) };
  const answer = json(status, value, 'application/problem+json');
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

/** Sends an answer; what the client still sends is read for a moment, so that it sees it. */
export async function send(
  answer: Answer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status, headers, body } = answer;
  if (body instanceof Readable) {
    response.writeHead(status, { 'cache-control': 'no-store', ...headers });
    if (request.method === 'HEAD') {
      body.destroy();
      return void response.end();
    }
    // Before the first byte of the body: log lines may be long in coming.
    response.flushHeaders();
    return pipeline(body, response);
  }
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const length = status === 204 ? {} : { 'content-length': bytes.length };
  const unread = !request.complete;
  response.writeHead(status, {
    'cache-control': 'no-store',
    ...headers,
    ...length,
    ...(unread && { connection: 'close' }),
  });
  if (unread) {
    response.write(bytes);
    await drain(request);
    return void response.end();
  }
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

/** Reads and drops what comes, until it ends or the client has had its moment. */
async function drain(request: IncomingMessage): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    for (const event of ['end', 'close', 'error']) request.once(event, () => resolve());
  });
  request.resume();
  await Promise.race([ended, sleep(lingerMs, undefined, { ref: false })]);
}
