/**
 * Real servers for tests: each in a folder of its own, on free ports of the loopback, gone with the
 * process that started it, however that ends.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface TestServer {
  url: string;
  /** Ends it, if it runs, and starts it again: same port, same data. */
  restart(): Promise<void>;
  /** As a power cut would: nothing is told, nothing tidied. `restart` brings it back. */
  kill(): Promise<void>;
  /** Leaves neither process nor file. */
  stop(): Promise<void>;
}

/** How one server is started; used again at every restart. */
export interface ServerPlan {
  url: string;
  /** From `throwAwayFolder`; removed by `stop`. What the server prints goes to `output` in it. */
  folder: string;
  program: string;
  args: string[];
  env?: Record<string, string | undefined>;
  /** Run as somebody else; only root can. */
  user?: { uid: number; gid: number };
  /** Asks it to end; default SIGTERM. */
  stopSignal?: NodeJS.Signals;
  /** Resolves when it can be used; called after every start. */
  ready: () => Promise<void>;
}

/** Starts it; rejects with what it printed when it ends before it is ready. */
export async function startServer(plan: ServerPlan): Promise<TestServer> {
  const server = new PlannedServer(plan);
  try {
    await server.restart();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/** Why a suite must be skipped, for `{ skip }`; false when every program is there. */
export function whyMissing(...programs: string[]): string | false {
  const missing = programs.filter((program) => !findProgram(program));
  return missing.length > 0 && `not installed: ${missing.join(', ')}`;
}

/** Where a program is, or undefined. `folders` are looked at beside those of the PATH. */
export function findProgram(name: string, ...folders: string[]): string | undefined {
  const PATH = [process.env.PATH, '/usr/sbin', '/sbin', ...folders].join(':');
  const env = { ...process.env, PATH };
  const found = spawnSync('sh', ['-c', 'command -v "$1"', 'sh', name], { env, encoding: 'utf8' });
  return found.status === 0 ? found.stdout.trim() : undefined;
}

/**
 * A port that nobody listens on. It is below those the system hands out to clients, so that nobody
 * else gets it while its server restarts.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 20_000);
    const probe = createServer().listen(port, '127.0.0.1');
    const free = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    if (!free) continue;
    const { port: got } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    return got;
  }
}

/** Resolves when something listens there. There is no limit but the server's own end. */
export async function untilAnswers(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (open) return;
    await sleep(10);
  }
}

/** A new folder in the system's place for them; short, for the sake of sockets in it. */
export function throwAwayFolder(owner?: { uid: number; gid: number }): string {
  const folder = mkdtempSync(join(tmpdir(), 'ts-'));
  if (owner) chownSync(folder, owner.uid, owner.gid);
  return folder;
}

class PlannedServer implements TestServer {
  readonly url: string;
  readonly #plan: ServerPlan;
  #child: ChildProcess | undefined;
  #guard: ChildProcess | undefined;

  constructor(plan: ServerPlan) {
    this.url = plan.url;
    this.#plan = plan;
  }

  async restart(): Promise<void> {
    await this.#end(this.#plan.stopSignal ?? 'SIGTERM');
    const { program, args, env = {}, folder, user = {}, ready } = this.#plan;
    const output = openSync(join(folder, 'output'), 'a');
    const stdio: StdioOptions = ['ignore', output, output];
    const all = { ...process.env, ...env };
    // Detached makes it a process group, so that all it starts can be ended with it.
    const child = spawn(program, args, { cwd: folder, env: all, stdio, detached: true, ...user });
    closeSync(output);
    const failed = ended(child);
    if (child.pid !== undefined) this.#guard = guard(child.pid, folder);
    this.#child = child;
    const early = failed.then((how) => {
      const text = readFileSync(join(folder, 'output'), 'utf8');
      throw new Error(`${program} ended (${how}) before it was ready: ${text.slice(-4000)}`);
    });
    await Promise.race([ready(), early]);
    early.catch(() => undefined);
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    // Its data is thrown away: it need not take leave of them.
    await this.#end('SIGKILL');
    rmSync(this.#plan.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    const guarding = this.#guard;
    this.#child = this.#guard = undefined;
    if (child?.pid !== undefined) {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = ended(child);
        child.kill(signal);
        const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
        await gone;
        clearTimeout(timer);
      }
      killGroup(child.pid);
    }
    guarding?.kill('SIGKILL');
  }
}

function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(String(signal ?? code)));
  });
}

/** Ends every process of a group; none is left is fine. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // There is none.
  }
}

/** Ends the group and removes the folder when this process has ended, however that was. */
export function guard(pid: number, folder: string): ChildProcess {
  // Those it started in groups of their own end a moment later, and write till then.
  const script = 'kill -s KILL -- "-$1"; rm -rf -- "$2"; sleep 1; rm -rf -- "$2"';
  return atEnd(script, String(pid), folder);
}

/**
 * A shell that waits for the end of this process, as the end of its input tells, and then runs a
 * script with these arguments. It is to be killed when it is needed no more.
 */
export function atEnd(script: string, ...args: string[]): ChildProcess {
  const child = spawn('sh', ['-c', `read -r _; ${script}`, 'guard', ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.unref();
  (child.stdin as Socket).unref();
  return child;
}
