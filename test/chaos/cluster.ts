/** A cluster of processes on this machine: roles over a broker server and a store. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

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

/** One process of a role; it can be killed and started again in the same place. */
export class Member {
  readonly role: Role;
  readonly name: string;
  readonly #args: readonly string[];
  readonly #dir: string;
  #child: ChildProcess | undefined;
  #port = '0';
  url = '';
  /** What it logged. */
  output = '';

  constructor(role: Role, name: string, args: readonly string[], dir: string) {
    this.role = role;
    this.name = name;
    this.#args = args;
    this.#dir = dir;
  }

  /** Resolves when its door is open. */
  async start(): Promise<void> {
    const { port, others, said } = doors[this.role];
    const data = ['--data', join(this.#dir, this.name)];
    const args = [program, this.role, port, this.#port, ...others, ...data, ...this.#args];
    const { PATH, HOME } = process.env;
    const temporary = join(this.#dir, 't');
    mkdirSync(temporary, { recursive: true });
    const cache = join(tmpdir(), 'node-compile-cache');
    const env = { PATH, HOME, TMPDIR: temporary, NODE_COMPILE_CACHE: cache };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stderr! }).on('line', (line) => {
        this.output += `${line}\n`;
        if (!line.includes(said)) return;
        this.url = /http:\/\/[^\s/,"]+/.exec(line)![0];
        this.#port = new URL(this.url).port;
        resolve();
      });
      child.on('exit', () => reject(new Error(`${this.name} ended: ${this.output}`)));
    });
  }

  get isAlive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && !this.#child.signalCode;
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
    if (!this.isAlive) return;
    const gone = once(this.#child!, 'exit');
    this.#child!.kill(signal);
    await gone;
  }
}

export interface ClusterPlan {
  broker: string;
  store: string;
  frontends: number;
  /** For each runner, the broker's URL as it sees it. */
  runners: readonly string[];
  trons: number;
  /** Calls that may wait in one queue. */
  queueMax: number;
}

export class Cluster {
  readonly dir: string;
  readonly members: readonly Member[];

  private constructor(dir: string, members: readonly Member[]) {
    this.dir = dir;
    this.members = members;
  }

  static async start(plan: ClusterPlan): Promise<Cluster> {
    const dir = mkdtempSync(join(tmpdir(), 'fc-'));
    const many = (role: Role, count: number, args: (index: number) => string[]): Member[] =>
      Array.from({ length: count }, (_, index) => {
        return new Member(role, `${role[0]}${index}`, args(index), dir);
      });
    const { broker, store } = plan;
    const cluster = new Cluster(dir, [
      ...many('tron', plan.trons, () => ['--broker', broker, '--store', store]),
      ...many('runner', plan.runners.length, (index) => ['--broker', plan.runners[index]!]),
      ...many('frontend', plan.frontends, () => [
        ...['--broker', broker, '--queue-max', String(plan.queueMax)],
      ]),
    ]);
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

  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()));
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
