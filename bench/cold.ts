/** Cold: a call that finds no worker, against the start of the bare interpreter. */
import { spawnSync } from 'node:child_process';

import { writeBundle } from '../src/bundle/write.ts';
import { pause, print, timed } from './figure.ts';
import { startPlatform } from './server.ts';
import type { Platform } from './server.ts';

const idleMs = 300;

export async function benchCold(rounds: number): Promise<void> {
  for (const warm of [1, 0]) {
    const platform = await startPlatform({ flags: ['--warm', String(warm)] });
    try {
      await platform.deploy(await coldBundle());
      await platform.deploy('bench/python');
      const label = warm === 1 ? 'cold call, a warm worker waiting' : 'cold call, --warm 0';
      const js = () => call(platform, '/cold/hello');
      const python = () => call(platform, '/bench-python/echo', '{}');
      const target = warm === 1 ? '< 1.5' : '';
      print(`JS ${label}: to node -e 0`, await ratios(rounds, js, nodeStart), target);
      print(`Python ${label}: to python3 -c pass`, await ratios(rounds, python, pythonStart));
    } finally {
      await platform.stop();
    }
  }
  print('process cat, every call: to sh -c cat', await catRatios(rounds));
}

/** `serve` with a bundle enabled before: from its start to the first answer of a Func. */
export async function benchStart(rounds: number): Promise<void> {
  const first = await startPlatform();
  await first.deploy(await coldBundle());
  const { data } = first;
  const times: number[] = [];
  const times0: number[] = [];
  await stopKeeping(first);
  for (let round = 0; round < rounds; round++) {
    times0.push(await timed(nodeStart));
    const begunAt = performance.now();
    const platform = await startPlatform({ data });
    await call(platform, '/cold/hello');
    times.push(performance.now() - begunAt);
    await stopKeeping(platform);
  }
  print('start of serve to the first answer, ms', times, '< 400');
  print(
    'the same, to node -e 0',
    times.map((ms, round) => ms / times0[round]!),
  );
  const { rmSync } = await import('node:fs');
  rmSync(data, { recursive: true, force: true });
}

async function stopKeeping(platform: Platform): Promise<void> {
  process.kill(platform.pid, 'SIGTERM');
  await pause(400);
}

async function ratios(
  rounds: number,
  work: () => Promise<void>,
  bare: () => Promise<void>,
): Promise<number[]> {
  const found: number[] = [];
  await work();
  for (let round = 0; round < rounds; round++) {
    await pause(idleMs * 2 + 700);
    const cold = await timed(work);
    await pause(200);
    found.push(cold / (await timed(bare)));
  }
  return found;
}

async function catRatios(rounds: number): Promise<number[]> {
  const platform = await startPlatform();
  try {
    await platform.deploy('bench/process');
    const found: number[] = [];
    for (let round = 0; round < rounds * 4; round++) {
      const own = await timed(() => call(platform, '/bench-process/cat', 'hello', 'text/plain'));
      found.push(own / (await timed(async () => void spawnSync('cat', { input: 'hello' }))));
    }
    return found;
  } finally {
    await platform.stop();
  }
}

async function nodeStart(): Promise<void> {
  spawnSync(process.execPath, ['-e', '0']);
}

async function pythonStart(): Promise<void> {
  spawnSync('python3', ['-c', 'pass']);
}

async function call(platform: Platform, path: string, body?: string, type = 'application/json') {
  const init =
    body === undefined ? {} : { method: 'POST', body, headers: { 'content-type': type } };
  const response = await fetch(`http://127.0.0.1:${platform.port}${path}`, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${text}`);
}

/** A bundle whose worker goes soon; `base` makes as many different ones as are wanted. */
export async function coldBundle(base = '/cold'): Promise<Uint8Array> {
  const contract = {
    openapi: '3.1.0',
    info: { title: `Cold ${base.slice(1)}`, version: '1.0.0' },
    servers: [{ url: base }],
    'x-funcatron': { handler: 'handler.mjs', instances: { idle: `${idleMs}ms` } },
    paths: {
      '/hello': {
        get: {
          operationId: 'hello',
          responses: {
            200: {
              description: 'ok',
              content: { 'application/json': { schema: { type: 'string' } } },
            },
          },
        },
      },
    },
  };
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  const { bytes } = await writeBundle([
    { path: 'funcatron.json', bytes: text(JSON.stringify(contract)) },
    { path: 'handler.mjs', bytes: text("export const hello = () => 'hello';\n") },
  ]);
  return bytes;
}
