/**
 * Bodies of any size at memory that stays flat: up and down, through every runtime. 256 MiB each, or
 * what FUNCATRON_LARGE_BODY says, such as 2Gi.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { after, before, test } from 'node:test';
import { parseBytes, showBytes } from '../src/unit.ts';
import { deploy } from './fixture/bundle.ts';
import type { BundleSpec } from './fixture/bundle.ts';
import { descendantsOf } from './fixture/process.ts';
import { Stage } from './fixture/server.ts';
import type { Server } from './fixture/server.ts';

const mib = 2 ** 20;
const size = parseBytes(process.env['FUNCATRON_LARGE_BODY'] ?? '256Mi') ?? 0;
/**
 * What a process may take above what it took idle, whatever the size. Node's collector lets about 80
 * MiB of chunks lie that were passed on, as it does in a bare node:http server.
 */
const growthMax = 128 * mib;
const piece = Buffer.alloc(64 * 1024, 'large');

const code = {
  node: `
    export async function count(data) {
      let size = 0;
      for await (const chunk of data) size += chunk.length;
      return { size };
    }
    const piece = Buffer.alloc(65536, 'large');
    export async function* pour(_, { params }) {
      for (let left = params.query.size; left > 0; left -= piece.length) yield piece;
    }`,
  python: `
piece = b"large" * 13107 + b"l"

def count(data, ctx):
    size = 0
    while chunk := data.read(1_000_000):
        size += len(chunk)
    return {"size": size}

def pour(data, ctx):
    for _ in range(ctx.params.query["size"] // 65536):
        yield piece
`,
  http: `
    import { createServer } from 'node:http';
    const piece = Buffer.alloc(65536, 'large');
    createServer(async (request, response) => {
      const url = new URL(request.url, 'http://a');
      if (request.method === 'POST') {
        let size = 0;
        for await (const chunk of request) size += chunk.length;
        return response.end(JSON.stringify({ size }));
      }
      let left = Number(url.searchParams.get('size'));
      const more = () => {
        for (; left > 0; left -= piece.length)
          if (!response.write(piece)) return response.once('drain', () => { left -= piece.length; more(); });
        response.end();
      };
      more();
    }).listen(Number(process.env.PORT), process.env.HOST);`,
  process: '#!/bin/sh\nprintf \'{"size":%s}\' "$(wc -c)"\n',
};
const handlers: Record<string, [file: string, settings: Record<string, unknown>]> = {
  node: ['handler.mjs', { handler: 'handler.mjs' }],
  python: ['app.py', { handler: 'app.py' }],
  http: ['program.mjs', { runtime: 'http', process: [process.execPath, 'program.mjs'] }],
  process: ['count.sh', {}],
};

function bundleOf(kind: keyof typeof code): BundleSpec {
  const [file, settings] = handlers[kind]!;
  const direct = { direct: true };
  const any = { responses: { default: { description: 'any' } } };
  const query = [{ name: 'size', in: 'query', schema: { type: 'integer' } }];
  const isPython = kind === 'python';
  const own = (process: string[]): Record<string, unknown> => ({
    'x-funcatron': { ...direct, ...(kind === 'process' && { process }) },
  });
  return {
    name: kind,
    settings,
    operations: {
      'POST /up': {
        ...{ operationId: isPython ? 'app.count' : 'count', ...any },
        requestBody: { content: { 'application/octet-stream': {} } },
        ...own(['sh', 'count.sh']),
      },
      'GET /down': {
        ...{ operationId: isPython ? 'app.pour' : 'pour', ...any, parameters: query },
        ...own(['sh', '-c', 'head -c "$FUNCATRON_PARAM_QUERY_SIZE" /dev/zero']),
      },
    },
    files: { [file]: code[kind] },
  };
}

const stage = new Stage();
let server: Server;
before(async () => {
  server = await stage.serve({ flags: ['--reply-max', '16Gi'] });
});
after(() => stage.close());

/** Peak of resident memory in bytes since it was last forgotten. */
function peakOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

const forgetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5');

async function up(url: string, bytes: number): Promise<number> {
  const headers = {
    'content-type': 'application/octet-stream',
    ...(bytes % 2 === 0 && { 'content-length': bytes }),
  };
  const sent = request(url, { method: 'POST', headers, agent: false });
  const answered = once(sent, 'response');
  for (let left = bytes; left > 0; left -= piece.length) {
    if (!sent.write(piece.subarray(0, left))) await Promise.race([once(sent, 'drain'), answered]);
  }
  sent.end();
  const [answer] = (await answered) as [IncomingMessage];
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  assert.equal(answer.statusCode, 200, text);
  return (JSON.parse(text) as { size: number }).size;
}

async function down(url: string, bytes: number): Promise<number> {
  const [answer] = (await once(
    request(`${url}?size=${bytes}`, { agent: false }).end(),
    'response',
  )) as [IncomingMessage];
  assert.equal(answer.statusCode, 200);
  let got = 0;
  for await (const chunk of answer) got += (chunk as Buffer).length;
  return got;
}

for (const kind of Object.keys(code) as (keyof typeof code)[])
  test(`${showBytes(size)} up and down through ${kind}, memory flat`, async (t) => {
    await deploy(server, bundleOf(kind));
    const door = `${server.door}/${kind}`;
    // Both ways once, so that everything is loaded.
    assert.equal(await up(`${door}/up`, mib), mib);
    assert.equal(await down(`${door}/down`, mib), mib);
    const pids = [server.pid, ...descendantsOf(server.pid)];
    for (const [way, run] of Object.entries({ up, down })) {
      const idle = new Map(pids.map((pid) => [pid, rss(pid)]));
      for (const pid of pids) forgetPeak(pid);
      const begunAt = performance.now();
      assert.equal(await run(`${door}/${way}`, size), size);
      const rate = size / mib / ((performance.now() - begunAt) / 1000);
      const [own, ...others] = pids.map((pid) => peakOf(pid) - idle.get(pid)!);
      const most = Math.max(0, ...others);
      t.diagnostic(
        `${kind} ${way}: ${rate.toFixed(0)} MiB/s; peak of serve +${mibs(own!)} over ${mibs(idle.get(server.pid)!)}, of a worker +${mibs(most)} MiB`,
      );
      for (const growth of [own!, most])
        assert.ok(growth < growthMax, `${way} took ${mibs(growth)} MiB`);
    }
  });

function rss(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;
}

const mibs = (bytes: number): string => (bytes / mib).toFixed(0);
