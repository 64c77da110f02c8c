/** Asynchronous calls over the Tron's REST API. */
import { isUtf8 } from 'node:buffer';
import { FuncatronError } from '../errors.ts';
import type { CallHead, Headers } from '../message.ts';
import type { CallRecord, CallStatus, CallSummary } from '../store/call.ts';
import type { DeadLetter, LetterSummary } from '../store/letter.ts';
import { json, nothing } from './answer.ts';
import type { Answer } from './answer.ts';
import type { CallDesk } from './call-desk.ts';
import { hasEnded, showProblem, showStatus, whyNoResult } from './call-view.ts';
import type { ApiCall, Endpoints } from './endpoint.ts';
import { isCredential, masked } from '../secret.ts';

const idOf = ({ params }: ApiCall): string => String(params.path.id);

interface ListQuery {
  status?: CallStatus;
  queue?: string;
  limit: number;
}

export function callEndpoints({ calls, questions, callbacks }: CallDesk): Endpoints {
  return {
    listCalls: {
      run: async ({ params }) => {
        const filter = params.query as unknown as ListQuery;
        return json(200, (await calls.list(filter)).map(showCall));
      },
    },
    describeCall: {
      run: async (call) => json(200, showCall(await questions.find(idOf(call)))),
    },
    cancelCall: {
      run: async (call) => json(202, showCall(await questions.cancel(idOf(call)))),
    },
    callResult: { run: async (call) => showResult(await questions.find(idOf(call))) },
    callbackSecret: { run: async () => json(200, { secret: await callbacks.secret() }) },
  };
}

export function letterEndpoints({ letters }: CallDesk): Endpoints {
  return {
    listDeadLetters: {
      run: async ({ params }) => {
        const { queue, limit } = params.query as unknown as ListQuery;
        return json(200, (await letters.list(queue, limit)).map(showLetter));
      },
    },
    describeDeadLetter: {
      run: async (call) => json(200, showWhole(await letters.get(idOf(call)))),
    },
    editDeadLetter: {
      run: async (call) => {
        const id = idOf(call);
        await letters.replace(id, (letter) => edit(letter, call.body as LetterEdit));
        return json(200, showWhole(await letters.get(id)));
      },
    },
    deleteDeadLetter: {
      run: async (call) => {
        await letters.remove(idOf(call));
        return nothing(204);
      },
    },
    redrive: {
      run: async (call) => {
        await letters.redrive(idOf(call));
        return json(200, { redriven: 1, failed: 0 });
      },
    },
    redriveAll: {
      run: async ({ body }) => {
        const { queue } = body as { queue?: string };
        return json(200, await letters.redriveAll(queue));
      },
    },
  };
}

function showCall(call: CallSummary) {
  const { queue, callback } = call;
  const more = { queue, ...(callback !== undefined && { callback }) };
  return { ...showStatus(call, `/api/v1/calls/${call.id}`), ...more };
}

function showResult(call: CallRecord): Answer {
  if (!hasEnded(call)) return json(202, showCall(call));
  const { reply } = call;
  if (!reply) throw whyNoResult(call);
  const { status, headers, truncated, body } = reply;
  return json(200, { status, headers, truncated, ...showBody(body) });
}

function showLetter(letter: LetterSummary) {
  const { id, queue, method, path, operation, tries, acceptedAt, diedAt, bytes, error } = letter;
  const request = { method, path, operation };
  return { id, queue, ...request, tries, acceptedAt, diedAt, bytes, error: showProblem(error) };
}

function showWhole(letter: DeadLetter) {
  const { id, queue, diedAt, error, head, body } = letter;
  const { method, path, query, operation = '', async } = head;
  const { tries, acceptedAt } = async!;
  const times = { tries, acceptedAt, diedAt, bytes: body.length, error: showProblem(error) };
  const pairs = Object.entries(head.headers).map(([name, value]) => {
    return [name, isCredential(name) ? masked : value];
  });
  const headers = Object.fromEntries(pairs);
  return { id, queue, method, path, operation, ...times, query, headers, ...showBody(body) };
}

function showBody(body: Uint8Array): { body: string } | { bodyBase64: string } {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return isUtf8(bytes) ? { body: bytes.toString() } : { bodyBase64: bytes.toString('base64') };
}

interface LetterEdit {
  method?: string;
  path?: string;
  query?: string;
  headers?: Headers;
  body?: string;
  bodyBase64?: string;
}

/** What nobody has checked any more: the runner matches and checks it anew. */
function edit(letter: DeadLetter, change: LetterEdit): { head: CallHead; body: Uint8Array } {
  if (change.body !== undefined && change.bodyBase64 !== undefined)
    throw new FuncatronError('bad_body', 'give body or bodyBase64, not both');
  const { checked: _checked, kind: _kind, params: _params, ...head } = letter.head;
  const { method = head.method, path = head.path, query = head.query } = change;
  const body = bodyOf(change) ?? letter.body;
  const headers = change.headers ? merge(change.headers, head.headers) : { ...head.headers };
  if (headers['content-length'] !== undefined) headers['content-length'] = String(body.length);
  const edited = { ...head, method, path, query, headers };
  if (method !== head.method || path !== head.path) delete edited.operation;
  return { head: edited, body };
}

function bodyOf({ body, bodyBase64 }: LetterEdit): Uint8Array | undefined {
  if (body !== undefined) return Buffer.from(body);
  return bodyBase64 === undefined ? undefined : Buffer.from(bodyBase64, 'base64');
}

/** The headers given, and what they do not show of those that were there. */
function merge(given: Headers, before: Headers): Headers {
  const pairs = Object.entries(given).map(([name, value]) => {
    const lower = name.toLowerCase();
    return [lower, value === masked ? (before[lower] ?? value) : value];
  });
  return Object.fromEntries(pairs) as Headers;
}
