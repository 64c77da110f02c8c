/** Java: starting a JVM and loading a bundle, against `java Hello`; calls, against Node. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openRuntime } from '../src/runtime/runtime.ts';
import type { WorkerExit } from '../src/runtime/runtime.ts';
import { pause, print, timed } from './figure.ts';
import { javaBundle, withHello } from './java-bundle.ts';
import { shoot } from './load.ts';
import type { Shot } from './load.ts';
import { orderJson } from './payload.ts';
import { startPlatform } from './server.ts';

const idleMs = 300;
/** A JVM compiles what is called often; that takes a while. */
const warmUpSeconds = 8;
const build = fileURLToPath(new URL('../jvm/build.ts', import.meta.url));

export async function benchJava(rounds: number, seconds: number): Promise<void> {
  if (spawnSync(process.execPath, [build], { stdio: 'inherit' }).status !== 0) return;
  await withHello(async (hello) => {
    await benchStart(hello, rounds * 2);
    await benchCold(hello, rounds * 2);
  });
  await benchEcho(rounds, seconds);
}

/** From nothing to a JVM that waits for its first bundle, the archive of its classes made before. */
async function benchStart(hello: string, rounds: number): Promise<void> {
  const socketDir = mkdtempSync(join(tmpdir(), 'fct-'));
  const runtime = await openRuntime('jvm');
  const ratios: number[] = [];
  const start = async (): Promise<number> => {
    const { promise: exit, resolve } = Promise.withResolvers<WorkerExit>();
    let pid = 0;
    const ms = await timed(async () => {
      const worker = await runtime.start({ socketDir }, { onLog() {}, onExit: resolve });
      pid = worker.pid!;
      worker.kill();
    });
    await exit;
    process.kill(pid, 'SIGKILL');
    await pause(200);
    return ms;
  };
  await start();
  // The archive is made in the background, 2 s after the first start.
  await pause(6_000);
  await start();
  for (let round = 0; round < rounds; round++)
    ratios.push((await start()) / (await timed(() => java(hello))));
  rmSync(socketDir, { recursive: true });
  print('start of a JVM worker: to java Hello', ratios, '< 1.5');
}

/** A bundle's first call where the JVM is there and the bundle is not loaded. */
async function benchCold(hello: string, rounds: number): Promise<void> {
  const platform = await startPlatform();
  try {
    await platform.deploy(await javaBundle('/cold-java', `${idleMs}ms`, 0));
    const call = async (): Promise<void> => {
      const response = await fetch(`http://127.0.0.1:${platform.port}/cold-java/orders`, {
        ...{ method: 'POST', body: orderJson() },
        headers: { 'content-type': 'application/json' },
      });
      const text = await response.text();
      if (!response.ok) throw new Error(text);
    };
    const times: number[] = [];
    const ratios: number[] = [];
    await call();
    for (let round = 0; round < rounds; round++) {
      await pause(idleMs * 2 + 700);
      const ms = await timed(call);
      times.push(ms);
      await pause(100);
      ratios.push(ms / (await timed(() => java(hello))));
    }
    print('Java cold call in a running JVM, ms', times, '< 300');
    print('the same, to java Hello', ratios);
  } finally {
    await platform.stop();
  }
}

/** The same contract and payload, served by Node and by Java. */
async function benchEcho(rounds: number, seconds: number): Promise<void> {
  const platform = await startPlatform();
  const shot = (base: string): Shot => ({
    ...{ method: 'POST', path: `${base}/orders`, contentType: 'application/json' },
    ...{ body: orderJson(), connections: 64 },
  });
  try {
    await platform.deploy('bench/bundle');
    await platform.deploy(await javaBundle('/bench-java'));
    const rateOf = async (base: string, time: number): Promise<number> => {
      const hit = await shoot(platform.port, shot(base), time);
      if (hit.failed > 0) throw new Error(`${base}: ${hit.failed} calls failed`);
      return hit.rate;
    };
    await rateOf('/bench-java', warmUpSeconds);
    await rateOf('/bench', warmUpSeconds / 2);
    const ratios: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const node = await rateOf('/bench', seconds);
      ratios.push((await rateOf('/bench-java', seconds)) / node);
    }
    print("Java echo of 1 KB JSON: rate to Node's", ratios, '>= 0.8');
  } finally {
    await platform.stop();
  }
}

async function java(hello: string): Promise<void> {
  const child = spawn(process.env['FUNCATRON_JAVA'] || 'java', ['-cp', hello, 'Hello']);
  child.stdout.resume();
  await once(child, 'close');
}
