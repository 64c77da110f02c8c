/** `/system/...` as OpenFaaS's clients ask it: handed to the Trons as it is, and answered as they do. */
import { tronCall } from '../async-call.ts';
import { letGo } from '../inflow.ts';
import type { Body, Headers, Reply } from '../message.ts';
import { answerReply } from './answer.ts';
import { sendToTron } from './ask-tron.ts';
import type { Exchange } from './exchange.ts';
import { checkDeclared, readBody } from './request-body.ts';
import { letSend } from './receive.ts';

const names = new Set([
  'functions',
  'function',
  'scale-function',
  'alert',
  'info',
  'secrets',
  'logs',
  'namespaces',
  'namespace',
]);

/** What a Tron judges a caller by. */
const told = [
  'authorization',
  'content-type',
  'forwarded',
  'host',
  'origin',
  'sec-fetch-site',
  'x-forwarded-for',
];

/** Time for what changes something: runners make a function ready meanwhile. */
const changeTimeoutMs = 60_000;

/** Whether a path is one of those. */
export function isSystemPath(path: string): boolean {
  const end = path.indexOf('/', '/system/'.length);
  return names.has(path.slice('/system/'.length, end === -1 ? undefined : end));
}

export async function answerSystem(x: Exchange): Promise<false> {
  const { bodyMax, tronTimeoutMs } = x.door.options;
  checkDeclared(x.declared, { bytes: bodyMax, option: '--body-max' });
  if (x.declared !== 0) {
    letSend(x);
    await readBody(x);
  }
  const isRead = x.method === 'GET' || x.method === 'HEAD';
  const reply = await handOn(x, x.path, isRead ? tronTimeoutMs : changeTimeoutMs);
  if (!(reply.body instanceof Uint8Array)) leaveInTime(x, reply.body);
  answerReply(x, reply);
  return false;
}

/** What goes on until its reader leaves ends with the client, and with this door. */
function leaveInTime({ door, cancellation, response }: Exchange, body: Body): void {
  const leave = (): void => letGo(body);
  cancellation.onCancel(leave);
  door.followers.add(leave);
  response.once('close', () => door.followers.delete(leave));
  if (door.draining) leave();
}

/** What the Trons answer to the request, as one of this path. */
export function handOn(x: Exchange, path: string, timeoutMs: number): Promise<Reply> {
  const { door, query, method, body, cancellation, connection } = x;
  const call = tronCall(`/gateway${path}`, body);
  const headers: Headers = {};
  for (const name of told) {
    const value = x.headers[name];
    if (value !== undefined) headers[name] = value;
  }
  Object.assign(call.head, { id: x.id, method, query, headers, remote: connection.remote });
  return sendToTron(door, { ...call, cancellation }, timeoutMs);
}
