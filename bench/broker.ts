/** Calls through a broker server against bare request and reply by the server's own client. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { openBroker } from '../src/broker/broker.ts';
import { createLog } from '../src/log.ts';
import { brokerSchemes, startTestServer, whyNoServer } from '../test/server/start.ts';
import type { BrokerScheme } from '../test/server/start.ts';
import { bares } from './bare/bare.ts';
import { print } from './figure.ts';
import { orderJson } from './payload.ts';

const inFlight = 64;
const timeoutMs = 30_000;

interface Client {
  call(bytes: Buffer): Promise<unknown>;
  close(): Promise<void>;
}

/** `only`: one scheme, such as `nats`. */
export async function benchBrokers(rounds: number, seconds: number, only?: string): Promise<void> {
  for (const scheme of brokerSchemes) {
    if (only !== undefined && only !== scheme) continue;
    const missing = whyNoServer(scheme);
    if (missing) {
      console.log(`${scheme}: ${missing}`);
      continue;
    }
    const server = await startTestServer(scheme);
    try {
      await compare(scheme, server.url, rounds, seconds);
    } finally {
      await server.stop();
    }
  }
}

async function compare(
  name: BrokerScheme,
  url: string,
  rounds: number,
  seconds: number,
): Promise<void> {
  const echoes = await Promise.all(['ours', 'bare'].map((mode) => startEcho(url, mode)));
  const bare = await (await bares[name]!()).connect(url);
  const ours = await connectOurs(url);
  try {
    const ratios: number[] = [];
    await measure(ours, 1);
    await measure(bare, 1);
    for (let round = 0; round < rounds; round++) {
      const rate = await measure(ours, seconds);
      ratios.push(rate / (await measure(bare, seconds)));
    }
    print(`${name}: calls to bare request and reply`, ratios, '>= 0.7');
  } finally {
    await Promise.all([ours.close(), bare.close()]);
    for (const echo of echoes) echo.kill('SIGKILL');
  }
}

async function connectOurs(url: string): Promise<Client> {
  const broker = await openBroker(url, { log: createLog({ level: 'silent' }) });
  let count = 0;
  return {
    call: (body) =>
      broker.call('bench', {
        head: {
          ...{ v: 1, action: 'call', id: `bench-${count++}`, method: 'POST', scheme: 'http' },
          ...{ host: 'localhost', path: '/orders', query: '', remote: '127.0.0.1' },
          headers: { 'content-type': 'application/json' },
          deadline: Date.now() + timeoutMs,
        },
        body,
      }),
    close: () => broker.close(),
  };
}

/** Calls a second, with `inFlight` under way. */
async function measure(client: Client, seconds: number): Promise<number> {
  const body = Buffer.from(orderJson());
  const begunAt = performance.now();
  const end = begunAt + seconds * 1000;
  let count = 0;
  const loop = async (): Promise<void> => {
    while (performance.now() < end) {
      await client.call(body);
      count++;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  return count / ((performance.now() - begunAt) / 1000);
}

async function startEcho(url: string, mode: string) {
  const program = fileURLToPath(new URL('bare/echo.ts', import.meta.url));
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const child = spawn(process.execPath, [program, url, mode], { stdio: [...stdio] });
  await once(child.stdout!, 'data');
  return child;
}
