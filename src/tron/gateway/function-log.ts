/** `GET /system/logs`: what a function wrote, as lines of JSON, and on request what it will. */
import { FuncatronError } from '../../errors.ts';
import { empty } from '../../message.ts';
import type { Reply } from '../../message.ts';
import { followLog } from '../log-stream.ts';
import type { LogLine, LogRing } from '../log-ring.ts';
import type { GatewayEndpoints, GatewayRequest } from './endpoint.ts';
import { nameOf } from './function-list.ts';
import type { FunctionList } from './function-list.ts';
import type { FunctionName } from './name.ts';

interface LogQuery {
  name: FunctionName;
  instance: string;
  /** Lines; -1 for all. */
  tail: number;
  follow: boolean;
  /** Milliseconds since 1970. */
  sinceMs: number;
}

export function logEndpoints(functions: FunctionList, ring: LogRing): GatewayEndpoints {
  return { 'GET /system/logs': (request) => logs(functions, ring, request) };
}

async function logs(
  functions: FunctionList,
  ring: LogRing,
  { query }: GatewayRequest,
): Promise<Reply> {
  const asked = readQuery(query);
  const { route } = await functions.get(asked.name);
  const filter = { bundle: route.name };
  const show = (line: LogLine): string => showLine(line, asked);
  const all = ring.read(filter, Infinity).map(show).filter(Boolean);
  const past = asked.tail < 0 ? all : all.slice(all.length - Math.min(asked.tail, all.length));
  if (!asked.follow) return reply(Buffer.from(past.join('')));
  return reply(followLog(ring, filter, past, show));
}

function reply(body: Reply['body']): Reply {
  const headers = { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' };
  const head = { v: 1, action: 'answer', id: '', status: 200, headers } as const;
  return { head, body: body ?? empty };
}

/** A line as OpenFaaS's clients read it; empty for one that was not asked for. */
function showLine({ at, sha, text }: LogLine, asked: LogQuery): string {
  const { service: name, namespace } = asked.name;
  // Which version of it wrote it: what a line says is the same on every runner.
  const instance = `${name}-${sha.slice(0, 8)}`;
  if (at < asked.sinceMs || (asked.instance !== '' && asked.instance !== instance)) return '';
  const timestamp = new Date(at).toISOString();
  return `${JSON.stringify({ name, namespace, instance, timestamp, text })}\n`;
}

function readQuery(query: URLSearchParams): LogQuery {
  const name = query.get('name') ?? '';
  if (name === '') throw bad('name', name, 'the name of a function');
  const tail = query.get('tail') || '-1';
  if (!/^(-1|\d{1,9})$/.test(tail)) throw bad('tail', tail, 'a number of lines, or -1 for all');
  const follow = query.get('follow') || 'false';
  if (!/^(true|false|1|0)$/i.test(follow)) throw bad('follow', follow, 'true or false');
  const since = query.get('since') ?? '';
  const sinceMs = since === '' ? 0 : Date.parse(since);
  if (Number.isNaN(sinceMs)) throw bad('since', since, 'a time such as 2026-11-21T10:00:00Z');
  return {
    name: nameOf(name, query.get('namespace')),
    instance: query.get('instance') ?? '',
    tail: Number(tail),
    follow: /^(true|1)$/i.test(follow),
    sinceMs,
  };
}

function bad(name: string, value: string, right: string): FuncatronError {
  const detail = `${name} is ${JSON.stringify(value)}: it must be ${right}`;
  return new FuncatronError('function_invalid', detail, { status: 422 });
}
