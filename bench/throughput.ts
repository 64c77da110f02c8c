/** Answers a second against raw `node:http` and Fastify, in turn, round after round. */
import { blobBytes, orderJson } from './payload.ts';
import { print } from './figure.ts';
import { shoot } from './load.ts';
import type { Hit, Shot } from './load.ts';
import { startPlatform, startScript } from './server.ts';

const shots: Record<string, Shot> = {
  'GET, path parameter': { method: 'GET', path: '/bench/items/7', connections: 64 },
  'POST 1 KB JSON, checked both ways': {
    ...{ method: 'POST', path: '/bench/orders', contentType: 'application/json' },
    ...{ body: orderJson(), connections: 64 },
  },
  'POST 1 MB, echoed': {
    ...{ method: 'POST', path: '/bench/blob', contentType: 'application/octet-stream' },
    ...{ body: new Uint8Array(blobBytes), connections: 8 },
  },
};
const others: Record<string, Shot> = {
  'Python echo': {
    ...{ method: 'POST', path: '/bench-python/echo', contentType: 'application/json' },
    ...{ body: '{"hello":"world"}', connections: 64 },
  },
  'process cat': {
    ...{ method: 'POST', path: '/bench-process/cat', contentType: 'text/plain' },
    ...{ body: 'hello', connections: 8 },
  },
};

export async function benchThroughput(rounds: number, seconds: number): Promise<void> {
  const raw = await startScript('raw.ts');
  const fastify = await startScript('fastify.ts');
  const platform = await startPlatform();
  try {
    for (const folder of ['bench/bundle', 'bench/python', 'bench/process'])
      await platform.deploy(folder);
    const servers = { raw: raw.port, fastify: fastify.port, funcatron: platform.port };
    for (const [name, shot] of Object.entries(shots))
      await compare(name, shot, servers, rounds, seconds);
    for (const [name, shot] of Object.entries(others)) {
      const yardstick: Shot = { ...shots['GET, path parameter']!, connections: shot.connections };
      const ratios: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const own = await sound(platform.port, shot, seconds, name);
        ratios.push(own.rate / (await shoot(raw.port, yardstick, seconds)).rate);
      }
      print(`${name}: rate to raw GET`, ratios);
    }
  } finally {
    await Promise.all([raw.stop(), fastify.stop(), platform.stop()]);
  }
}

async function compare(
  name: string,
  shot: Shot,
  servers: Record<string, number>,
  rounds: number,
  seconds: number,
): Promise<void> {
  const hits: Record<string, Hit[]> = { raw: [], fastify: [], funcatron: [] };
  await sound(servers.funcatron!, shot, 1, name);
  for (let round = 0; round < rounds; round++)
    for (const [server, port] of Object.entries(servers))
      hits[server]!.push(await sound(port, shot, seconds, `${name} (${server})`));
  const ratio = (server: string, of: (hit: Hit) => number): number[] =>
    hits[server]!.map((hit, round) => of(hit) / of(hits.raw![round]!));
  const isFigure = !name.includes('MB');
  print(
    `${name}: rate to raw`,
    ratio('funcatron', (hit) => hit.rate),
    isFigure ? '>= 0.5' : '',
  );
  print(
    `${name}: Fastify's rate to raw`,
    ratio('fastify', (hit) => hit.rate),
  );
  print(
    `${name}: p99 to raw`,
    ratio('funcatron', (hit) => hit.p99),
    isFigure ? '< 3' : '',
  );
}

/** A figure with failed calls in it is none. */
async function sound(port: number, shot: Shot, seconds: number, name: string): Promise<Hit> {
  const hit = await shoot(port, shot, seconds);
  if (hit.failed > 0) throw new Error(`${name}: ${hit.failed} calls failed`);
  return hit;
}
