/** JSON payloads a worker sends, read with distrust: what is not as it should be is `worker_protocol`. */
import type { Headers } from '../message.ts';
import type { Failure } from './call-frame.ts';
import type { Assigned, FuncLog } from './runtime.ts';
import { broken, parseJson, protocolVersion } from './wire.ts';

const levels = new Set(['debug', 'info', 'warn', 'error']);
/** 64 KiB, and room for a worker that cut a line to say so. */
const textLengthMax = 64 * 1024 + 64;

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

export function readHello(payload: Buffer): void {
  const hello = parseJson(payload);
  const protocol = isObject(hello) ? hello['protocol'] : undefined;
  if (protocol === protocolVersion) return;
  throw broken(`it speaks version ${String(protocol)}, the runner version ${protocolVersion}`);
}

export function readAssigned(payload: Buffer): Assigned {
  const given = parseJson(payload);
  const missing = isObject(given) ? given['missing'] : undefined;
  if (!Array.isArray(missing)) throw broken('ASSIGNED has no list "missing"');
  const assigned: Assigned = {
    missing: missing.map((entry: Json) => ({
      operationId: String(entry?.['operationId']),
      mend: String(entry?.['mend']),
    })),
  };
  const contract = (given as Json)['contract'];
  if (isObject(contract))
    assigned.contract = {
      type: contract['type'] === 'json' ? 'json' : 'yaml',
      text: String(contract['text']),
    };
  return assigned;
}

const endings = ['drained', 'evicted', 'exit', 'memory', 'lost'] as const;

/** How a worker of a process with several ended. */
export interface Ended {
  reason: (typeof endings)[number];
  code?: number;
  words?: string;
  /** Threads that did not heed their interrupt: name, state, and the lines of the stack. */
  threads: { name: string; state: string; stack: string[] }[];
  deadlock?: string;
}

export function readEnded(payload: Buffer): Ended {
  const given = parseJson(payload);
  const { reason, code, words, threads, deadlock } = isObject(given) ? given : {};
  const ended: Ended = {
    reason: endings.find((one) => one === reason) ?? 'lost',
    threads: (Array.isArray(threads) ? threads : []).filter(isObject).map((thread) => ({
      name: String(thread['name']),
      state: String(thread['state']),
      stack: (Array.isArray(thread['stack']) ? thread['stack'] : []).map(String),
    })),
  };
  if (Number.isInteger(code)) ended.code = code as number;
  if (typeof words === 'string') ended.words = words;
  if (typeof deadlock === 'string' && deadlock !== '') ended.deadlock = deadlock;
  return ended;
}

/** A FAIL or REFUSED; its fields may still be anything. */
export function readFailure(payload: Buffer): Failure {
  const given = parseJson(payload);
  if (!isObject(given)) throw broken('a failure is no object');
  return given;
}

export function readReplyHead(head: unknown): { status: number; headers: Headers } {
  const { status, headers } = isObject(head) ? head : {};
  if (!Number.isInteger(status) || (status as number) < 200 || (status as number) > 599)
    throw broken(`an answer has the status ${JSON.stringify(status)}`);
  if (!isObject(headers) || Array.isArray(headers)) throw broken('an answer has no headers');
  return { status: status as number, headers: headers as Headers };
}

/** A LOG; `requestId` is of the call whose stream it named. Rubbish in it costs only the line. */
export function readLog(payload: Buffer, requestId: string | undefined): FuncLog {
  const given = parseJson(payload);
  const line = isObject(given) ? given : {};
  const text = String(line['text']);
  const cut = text.length > textLengthMax ? `${text.slice(0, textLengthMax)}... (cut)` : text;
  const level = levels.has(String(line['level'])) ? (line['level'] as FuncLog['level']) : 'info';
  const id = requestId ?? line['id'];
  return {
    level,
    text: cut,
    ...(typeof id === 'string' && { requestId: id }),
    ...(isObject(line['fields']) && { fields: line['fields'] }),
  };
}
