/** One way of answering calls, as the variable `mode` names it; and what all ways share. */
import { FuncatronError } from '../../errors.ts';
import type { Body, Headers, Reply } from '../../message.ts';
import { goSize } from '../../watchdog/go.ts';
import type { WatchdogSettings } from '../../watchdog/setting.ts';
import { withQuery } from '../http-header.ts';
import type {
  Assignment,
  FuncLog,
  StartOptions,
  Worker,
  WorkerCall,
  WorkerExit,
} from '../runtime.ts';

export type Mode = Omit<Worker, 'assign'>;

export interface ModeContext {
  settings: WatchdogSettings;
  assignment: Assignment;
  options: StartOptions;
  /** The whole environment of its programs, but what each call adds. */
  env: Record<string, string>;
  /** Program and arguments. */
  command: readonly string[];
  onLog(line: FuncLog): void;
  /** Once, when the mode has ended, for whatever reason. */
  onExit(exit: WorkerExit): void;
}

export const replyBytesMaxDefault = 1024 ** 3;

export function reply(call: WorkerCall, status: number, headers: Headers, body: Body): Reply {
  return { head: { v: 1, action: 'answer', id: call.head.id, status, headers }, body };
}

/** An answer of the watchdog's own. */
export function textReply(
  call: WorkerCall,
  status: number,
  text: string | Buffer,
  headers: Headers = {},
): Reply {
  const type = { 'content-type': 'text/plain; charset=utf-8' };
  const body = typeof text === 'string' ? Buffer.from(text) : text;
  return reply(call, status, { ...type, ...headers }, body);
}

/** The path below where the function is, with the query: what it takes for its request URI. */
export function uriOf({ head }: WorkerCall): string {
  return withQuery(head.rest ?? head.path, head.query);
}

/** The line that OpenFaaS's newer watchdog writes when a request is answered. */
export function requestLine(
  call: WorkerCall,
  status: number,
  bytes: number,
  ms: number,
  { logCallId }: WatchdogSettings,
): string {
  const { method, headers } = call.head;
  const id = logCallId ? ` [${String(headers['x-call-id'] ?? '')}]` : '';
  const took = (ms / 1000).toFixed(4);
  return `${method} ${uriOf(call)} - ${status} - ContentLength: ${goSize(bytes)} (${took}s)${id}`;
}

/** The content type that is set, or declared by a contract. */
export function setType(
  { settings, assignment }: ModeContext,
  { operationId }: WorkerCall,
): string | undefined {
  const func = assignment.funcs.find((one) => one.operationId === operationId);
  return settings.contentType ?? func?.contentType;
}

/** The content type of the request, which OpenFaaS's classic watchdog takes for the answer's. */
export function callersType({ head }: WorkerCall): string | undefined {
  return [head.headers['content-type']].flat()[0];
}

export const showSeconds = (ms: number): string => (ms / 1000).toFixed(6);

export const cancelled = (): FuncatronError =>
  new FuncatronError('cancelled', 'the call was given up before its program answered');

export const ended = (): FuncatronError =>
  new FuncatronError('func_exited', 'the watchdog was ended, and the program of the call with it');

/** The whole of a body that has to be held. Throws `body_too_large`, naming the variable. */
export async function collectBody(body: Body, bytesMax: number): Promise<Uint8Array> {
  if (body instanceof Uint8Array && body.byteLength <= bytesMax) return body;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) {
      const detail = `the request body has more than ${bytesMax} bytes; the limit is the variable body_max`;
      throw new FuncatronError('body_too_large', detail);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
