/** A cluster of processes: roles over a broker server and a store, one runner on a far host. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { guard } from '../server/server.ts';

const program = fileURLToPath(new URL('../../bin/funcatron.js', import.meta.url));

export type Role = 'frontend' | 'runner' | 'tron';

/** The flag of a role's own door, its other doors, and what it says when it is open. */
const doors: Record<Role, { port: string; others: string[]; said: string }> = {
  frontend: {
    port: '--port',
    others: ['--host', '127.0.0.1', '--metrics-port', '0'],
    said: 'frontend at',
  },
  runner: { port: '--runner-port', others: [], said: 'runner ready' },
  tron: { port: '--tron-port', others: [], said: 'Tron at' },
};

export interface MemberPlan {
  role: Role;
  name: string;
  args: readonly string[];
  /** Of its own door; without one, any free one. */
  port?: number;
  /** How its command is run elsewhere. */
  command?: (program: string, args: readonly string[]) => [string, string[]];
}

/** One process of a role; it can be killed and started again in the same place. */
export class Member {
  readonly name: string;
  readonly role: Role;
  readonly #plan: MemberPlan;
  readonly #dir: string;
  #child: ChildProcess | undefined;
  #guard: ChildProcess | undefined;
  #port: number;
  /** Whether it has said that its door is open, and lives. */
  isOpen = false;
  url = '';
  /** What it logged. */
  output = '';

  constructor(plan: MemberPlan, dir: string) {
    this.name = plan.name;
    this.role = plan.role;
    this.#plan = plan;
    this.#dir = dir;
    this.#port = plan.port ?? 0;
  }

  /** Resolves when its door is open. */
  async start(): Promise<void> {
    const { port, others, said } = doors[this.role];
    const { args, command = (first, rest) => [first, [...rest]] } = this.#plan;
    const data = ['--data', join(this.#dir, this.name)];
    const flags = [port, String(this.#port), ...others, ...data, ...args];
    const temporary = join(this.#dir, 't');
    mkdirSync(temporary, { recursive: true });
    const cache = join(tmpdir(), 'node-compile-cache');
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, TMPDIR: temporary, NODE_COMPILE_CACHE: cache };
    const [first, rest] = command(process.execPath, [program, this.role, ...flags]);
    // A group of its own: should this process die, a guard ends the member and its workers.
    const child = spawn(first, rest, { env, stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    this.#child = child;
    if (child.pid !== undefined) this.#guard = guard(child.pid, this.#dir);
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stderr! }).on('line', (line) => {
        this.output += `${line}\n`;
        if (!line.includes(said)) return;
        this.url = /http:\/\/[^\s/,"]+/.exec(line)![0];
        this.#port = Number(new URL(this.url).port);
        this.isOpen = true;
        resolve();
      });
      child.on('error', reject);
      child.on('exit', () => {
        this.isOpen = false;
        reject(new Error(`${this.name} ended: ${this.output.slice(-4_000)}`));
      });
    });
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#child?.kill('SIGKILL'), 10_000);
    await this.#end('SIGTERM');
    clearTimeout(timer);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.isOpen = false;
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
    }
    this.#guard?.kill('SIGKILL');
  }
}

export class Cluster {
  readonly dir: string;
  readonly members: readonly Member[];

  private constructor(dir: string, members: readonly Member[]) {
    this.dir = dir;
    this.members = members;
  }

  static async start(plans: readonly MemberPlan[]): Promise<Cluster> {
    const dir = mkdtempSync(join(tmpdir(), 'fc-'));
    const cluster = new Cluster(
      dir,
      plans.map((plan) => new Member(plan, dir)),
    );
    try {
      await Promise.all(cluster.members.map((member) => member.start()));
    } catch (thrown) {
      await cluster.close();
      throw thrown;
    }
    return cluster;
  }

  all(role: Role): Member[] {
    return this.members.filter((member) => member.role === role);
  }

  /** What all of them logged last. */
  get output(): string {
    return this.members.map(({ name, output }) => `${name}: ${output.slice(-8_000)}`).join('\n');
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()));
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
