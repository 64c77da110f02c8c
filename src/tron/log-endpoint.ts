/** Log lines of Funcs as they were and, when asked, as they come. */
import type { Answer } from './answer.ts';
import type { ApiCall, Endpoints } from './endpoint.ts';
import type { LogFilter, LogLine, LogRing } from './log-ring.ts';
import { LogStream } from './log-stream.ts';

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
  const stream = LogStream.open(ring, filter, past, toJson);
  // A quiet log is no reason to cut the connection.
  request.socket.setTimeout(0);
  return { status: 200, headers, body: stream };
}

function toJson(line: LogLine): string {
  return `${JSON.stringify(line)}\n`;
}
