/** Log lines of Funcs as they were and, when asked, as they come. */
import { Readable } from 'node:stream';
import type { Answer } from './answer.ts';
import type { ApiCall, Endpoints } from './endpoint.ts';
import type { LogFilter, LogLine, LogRing } from './log-ring.ts';
import { followLog } from './log-stream.ts';

interface Query extends LogFilter {
  tail: number;
  follow: number;
}

export function logEndpoints(ring: LogRing): Endpoints {
  return { logs: { run: (call) => logs(ring, call) } };
}

function logs(ring: LogRing, { params, request }: ApiCall): Answer {
  const { tail, follow, ...filter } = params.query as unknown as Query;
  const headers = { 'content-type': 'application/x-ndjson' };
  const past = ring.read(filter, tail).map(toJson);
  if (follow !== 1) return { status: 200, headers, body: past.join('') };
  const stream = Readable.from(followLog(ring, filter, past, toJson), { objectMode: false });
  // A quiet log is no reason to cut the connection.
  request.socket.setTimeout(0);
  return { status: 200, headers, body: stream };
}

function toJson(line: LogLine): string {
  return `${JSON.stringify(line)}\n`;
}
