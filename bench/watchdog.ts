/**
 * The watchdog against what it stands in front of: bare forks, scripts that are started anew for
 * every call, HTTP programs called directly. Each pair is measured in turn, round after round.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { print } from './figure.ts';
import { collect, shoot } from './load.ts';
import type { Shot } from './load.ts';
import { startPlatform } from './server.ts';
import type { Running } from './server.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'bench/watchdog');
const forks = 8;
const shot: Shot = {
  ...{ method: 'POST', path: '/', contentType: 'text/plain' },
  ...{ body: 'hello', connections: forks },
};

export async function benchWatchdog(rounds: number, seconds: number): Promise<void> {
  await benchForks(rounds, seconds);
  for (const script of ['echo.sh', 'echo.pl', 'echo.py']) await benchWarm(script, rounds, seconds);
  const programs = {
    "Python's own server": ['python3', 'server.py'],
    'bare Node': ['node', 'server.mjs'],
  };
  for (const [name, command] of Object.entries(programs))
    await benchHttp(name, command, rounds, seconds);
}

/** `cat` by fork, standing alone and in the platform, to the same forks by Node's own spawn. */
async function benchForks(rounds: number, seconds: number): Promise<void> {
  const alone = await startAlone({ fprocess: 'cat' });
  const platform = await startPlatform();
  try {
    await platform.deploy('bench/watchdog');
    const through = { ...shot, path: '/bench-watchdog' };
    const ratios: Record<'alone' | 'platform', number[]> = { alone: [], platform: [] };
    for (let round = 0; round < rounds; round++) {
      const bare = await forkLoop(seconds);
      ratios.alone.push((await rateOf(alone.port, shot, seconds)) / bare);
      ratios.platform.push((await rateOf(platform.port, through, seconds)) / bare);
    }
    print('watchdog alone, cat by fork: rate to bare forks', ratios.alone, '>= 0.9');
    print('watchdog in the platform, the same', ratios.platform, '>= 0.9');
  } finally {
    await Promise.all([alone.stop(), platform.stop()]);
  }
}

async function benchWarm(script: string, rounds: number, seconds: number): Promise<void> {
  const forked = await startAlone({ fprocess: `./${script}` });
  const warm = await startAlone({
    fprocess: `./${script} warm`,
    mode: 'warm',
    warm_processes: '8',
  });
  try {
    const ratios: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const once = await rateOf(forked.port, shot, seconds);
      ratios.push((await rateOf(warm.port, shot, seconds)) / once);
    }
    print(`warm ${script}: rate to its forked self`, ratios, '>= 5');
  } finally {
    await Promise.all([forked.stop(), warm.stop()]);
  }
}

async function benchHttp(
  name: string,
  command: string[],
  rounds: number,
  seconds: number,
): Promise<void> {
  const direct = await startProgram(command);
  const watchdog = await startAlone({ fprocess: command.join(' '), mode: 'http' });
  try {
    const ratios: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const own = await rateOf(direct.port, shot, seconds);
      ratios.push((await rateOf(watchdog.port, shot, seconds)) / own);
    }
    const isFigure = name !== 'bare Node';
    print(`mode http, ${name}: rate to it called directly`, ratios, isFigure ? '>= 0.6' : '');
  } finally {
    await Promise.all([direct.stop(), watchdog.stop()]);
  }
}

/** A figure with failed calls in it is none. */
async function rateOf(port: number, asked: Shot, seconds: number): Promise<number> {
  const { rate, failed } = await shoot(port, asked, seconds);
  if (failed > 0) throw new Error(`${failed} calls failed`);
  return rate;
}

async function forkLoop(seconds: number): Promise<number> {
  const script = join(root, 'bench/server/fork-loop.ts');
  return Number(await collect(process.execPath, [script, String(forks), String(seconds)]));
}

/** A program that prints its port. */
async function startProgram([file, ...args]: string[]): Promise<Running> {
  const child = spawn(file!, args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  const port = await new Promise<number>((resolve) =>
    child.stdout.once('data', (data: Buffer) => resolve(Number(data))),
  );
  return { port, pid: child.pid!, stop: () => ended(child) };
}

/** `fwatchdog`, as a container starts it. */
async function startAlone(env: Record<string, string>): Promise<Running> {
  const TMPDIR = mkdtempSync(join(tmpdir(), 'funcatron-bench-'));
  const all = { ...process.env, TMPDIR, port: '0', metrics_port: '0', ...env };
  const child = spawn(process.execPath, [join(root, 'bin/fwatchdog.js')], {
    ...{ cwd: folder, env: all },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`fwatchdog ended with ${code}: ${said}`)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4096);
      const match = /Listening on port: (\d+)[^]*Writing lock-file/.exec(said);
      if (match) resolve(Number(match[1]));
    });
  });
  const stop = async (): Promise<void> => {
    await ended(child);
    rmSync(TMPDIR, { recursive: true, force: true });
  };
  return { port, pid: child.pid!, stop };
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGINT');
  });
}
