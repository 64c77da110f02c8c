/**
 * `npm run cluster`: runs every line of `Procfile` as a process, in front of its output its name,
 * until one of them ends or Ctrl-C ends them all. Variables named as in `settings` move its ports and
 * its folder.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const colours = ['cyan', 'yellow', 'green', 'magenta', 'blue'] as const;
const endTimeoutMs = 35_000;

interface Line {
  name: string;
  command: string;
}

const settings = {
  DATA: '.funcatron/cluster',
  PORT: '8080',
  TRON_PORT: '3000',
  NATS_PORT: '4222',
  METRICS_PORT: '8081',
  RUNNER1_PORT: '4000',
  RUNNER2_PORT: '4001',
  FUNCATRON_LOG_FORMAT: process.stdout.isTTY ? 'pretty' : 'json',
  FUNCATRON: join(here, '..', 'bin', 'funcatron.js'),
};
const env: Record<string, string | undefined> = { ...settings, ...process.env };
// The Node that runs this runs them, too.
// Debian has servers where not everybody's PATH leads to.
env.PATH = `${dirname(process.execPath)}:${env.PATH}:/usr/sbin`;

const lines = readProcfile(join(here, 'Procfile'));
const running = new Map<string, ChildProcess>();
const state = { isEnding: false, code: 0 };

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => void endAll(0));

const begunAt = performance.now();
assertInstalled();
mkdirSync(env.DATA!, { recursive: true, mode: 0o700 });
const [broker, ...roles] = lines as [Line, ...Line[]];
start(broker);
await untilListens(Number(env.NATS_PORT));
for (const role of roles) start(role);
await untilAllAreKnown();
tell();

function readProcfile(path: string): Line[] {
  const text = readFileSync(path, 'utf8');
  return [...text.matchAll(/^(\w+): (.+)$/gm)].map(([, name, command]) => {
    return { name: name!, command: command! };
  });
}

function assertInstalled(): void {
  const found = spawnSync('sh', ['-c', 'command -v nats-server'], { env, stdio: 'ignore' });
  if (found.status === 0) return;
  console.error('nats-server is not installed: apt-get install nats-server, or https://nats.io/');
  process.exit(1);
}

/** In a group of its own: Ctrl-C reaches only this process, which ends the others in order. */
function start({ name, command }: Line): void {
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
  const child = spawn('sh', ['-c', `exec ${command}`], { env, stdio, detached: true });
  running.set(name, child);
  const width = Math.max(...lines.map((line) => line.name.length));
  const colour = colours[lines.findIndex((line) => line.name === name) % colours.length]!;
  const prefix = styleText(colour, `${name.padEnd(width)} |`);
  for (const output of [child.stdout, child.stderr])
    createInterface({ input: output }).on('line', (line) => console.log(`${prefix} ${line}`));
  child.on('exit', (code, signal) => {
    running.delete(name);
    if (state.isEnding) return;
    console.error(`${prefix} ended (${signal ?? code}): so do the others`);
    void endAll(1);
  });
}

async function untilListens(port: number): Promise<void> {
  for (;;) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (isOpen || state.isEnding) return;
    await sleep(10);
  }
}

/** The Tron has heard of everybody: what is enabled now is served. */
async function untilAllAreKnown(): Promise<void> {
  const nodes = `http://127.0.0.1:${env.TRON_PORT}/api/v1/nodes`;
  while (!state.isEnding) {
    const known = await fetch(nodes).then(
      async (answer) => (await answer.json()) as unknown[],
      () => [],
    );
    if (known.length === roles.length) return;
    await sleep(20);
  }
}

function tell(): void {
  if (state.isEnding) return;
  const seconds = ((performance.now() - begunAt) / 1000).toFixed(1);
  console.log(`
the cluster serves, ${seconds} s after its start
  frontend  http://127.0.0.1:${env.PORT}
  Tron      http://127.0.0.1:${env.TRON_PORT}, its API described at /docs
  metrics   at /metrics of the Tron and of ports ${env.METRICS_PORT}, ${env.RUNNER1_PORT}, ${env.RUNNER2_PORT}
  try       funcatron deploy examples/petstore --tron http://127.0.0.1:${env.TRON_PORT}
Ctrl-C ends all of it.
`);
}

/** Roles first: they take leave of one another over the broker. */
async function endAll(code: number): Promise<void> {
  if (state.isEnding) return;
  state.isEnding = true;
  state.code = code;
  const timer = setTimeout(() => {
    for (const child of running.values()) child.kill('SIGKILL');
  }, endTimeoutMs);
  for (const { name } of roles) running.get(name)?.kill('SIGTERM');
  while (roles.some(({ name }) => running.has(name))) await sleep(20);
  running.get(broker.name)?.kill('SIGTERM');
  while (running.size > 0) await sleep(20);
  clearTimeout(timer);
  process.exit(state.code);
}
