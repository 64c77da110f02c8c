/** What a dev shim answers, read with distrust: the Func is its author's, the JSON anybody's. */
import { FuncatronError } from '../errors.ts';
import type { Headers, Reply } from '../message.ts';
import { isObject } from './shim-line.ts';
import type { ShimReply } from './shim-link.ts';

/** What to call the answer by, and whether its author sees stacks. */
export interface ShimAnswerOptions {
  id: string;
  operationId: string;
  stacks: boolean;
  /** Is given what the Func's author should see of a failure: its stack. */
  onFailure: (text: string) => void;
}

/**
 * The answer as a reply. Throws `func_bad_result`, or `func_failed` where the Func threw: the
 * original then sends its stack as plain text, without `decodeBody`.
 */
export function readShimReply(reply: ShimReply, options: ShimAnswerOptions): Reply {
  const { response, decodeBody } = reply;
  if (!isObject(response)) throw badResult(options, 'has no object "response"');
  const { status: said, headers, body } = response;
  const status = said ?? 200;
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599)
    throw badResult(options, `has the status ${show(said)}; return 200 to 599`);
  if (body !== undefined && body !== null && typeof body !== 'string')
    throw badResult(options, 'has a body that is no text');
  const text = body ?? '';
  if (!decodeBody && status >= 400) throw failure(status, text, options);
  const head = { v: 1, action: 'answer', id: options.id, status } as const;
  return {
    head: { ...head, headers: readHeaders(headers, options) },
    body: Buffer.from(text, decodeBody ? 'base64' : 'utf8'),
  };
}

function readHeaders(headers: unknown, options: ShimAnswerOptions): Headers {
  if (headers === undefined || headers === null) return {};
  if (!isObject(headers)) throw badResult(options, 'has headers that are no object');
  const given = Object.entries(headers).filter(([, value]) => value !== null);
  return Object.fromEntries(
    given.map(([name, value]) => [name.toLowerCase(), readValue(name, value, options)]),
  );
}

function readValue(name: string, value: unknown, options: ShimAnswerOptions): string | string[] {
  if (Array.isArray(value)) return value.map((one) => readText(name, one, options));
  return readText(name, value, options);
}

function readText(name: string, value: unknown, options: ShimAnswerOptions): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw badResult(options, `has the header ${name} with a value that is no text`);
}

function failure(status: number, text: string, options: ShimAnswerOptions): FuncatronError {
  const [first = ''] = text.trim().split('\n', 1);
  const words = first === '' ? 'no reason given' : first;
  if (status >= 500) options.onFailure(text.trim() === '' ? words : text);
  const isRefusal = status !== 500;
  const detail = isRefusal ? words : `Func ${options.operationId} threw ${words}`;
  return new FuncatronError('func_failed', detail, {
    ...(isRefusal && { status }),
    ...(options.stacks && text.includes('\n') && { funcStack: text }),
  });
}

function badResult({ operationId }: ShimAnswerOptions, what: string): FuncatronError {
  return new FuncatronError(
    'func_bad_result',
    `what the dev shim answers for ${operationId} ${what}`,
  );
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 64 ? `${text.slice(0, 64)}...` : text;
}
