/**
 * A host of its own as a network namespace, and a pair of virtual interfaces as the wire to it. It
 * is cut by telling both ends a hardware address that nobody has: packets leave, and never arrive.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import type { ChildProcess } from 'node:child_process';
import { atEnd, findProgram } from '../server/server.ts';
import type { Link } from './link.ts';
import { Proxy } from './proxy.ts';
import type { Address } from './proxy.ts';

const folder = '/var/run/netns';
const nobody = '02:00:00:00:00:01';
const names = /^fc-(\d+)$/;

/** Ends who is in there, and removes it and the wire to it, of which both ends go at once. */
const removal =
  'for pid in $(ip netns pids "$1"); do kill -s KILL "$pid"; done; ' +
  'ip link delete "$2"; ip netns delete "$1"';

/** Why there can be none here; false when there can. Removes those of processes that are dead. */
export function whyNoNamespace(): string | false {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  if (!findProgram('ip')) return 'not installed: ip';
  removeStale();
  const name = `fc-${process.pid}`;
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  if (made.status !== 0) return `no network namespaces: ${made.stderr.trim()}`;
  remove(name);
  return false;
}

/** Names of the namespaces that this process has made and not removed. */
export function namespacesLeft(): string[] {
  return all().filter((name) => name === `fc-${process.pid}`);
}

export class NamespaceLink implements Link {
  readonly how = 'a network namespace';
  readonly #name = `fc-${process.pid}`;
  readonly #near: End;
  readonly #far: End;
  readonly #doors: Proxy[] = [];
  readonly #guard: ChildProcess;

  constructor() {
    const [near, far] = [`fc${process.pid}a`, `fc${process.pid}b`];
    this.#guard = atEnd(removal, this.#name, near);
    ip('netns', 'add', this.#name);
    ip(...['link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', this.#name]);
    // Of the net for benchmarks (RFC 2544), which nobody has: four addresses by our number.
    const place = (process.pid * 4) % 65_536;
    const net = `198.18.${place >> 8}.`;
    this.#near = new End([], near, `${net}${(place & 255) + 1}`);
    this.#far = new End(['-n', this.#name], far, `${net}${(place & 255) + 2}`);
    ip('-n', this.#name, 'link', 'set', 'lo', 'up');
    this.heal();
  }

  command(program: string, args: readonly string[]): [string, string[]] {
    return ['ip', ['netns', 'exec', this.#name, program, ...args]];
  }

  async reach(port: number): Promise<Address> {
    const at = { host: this.#near.address, port };
    this.#doors.push(await Proxy.open(at, { host: '127.0.0.1', port }));
    return at;
  }

  /** None: its first address is the one at which others reach it. */
  direct(): Promise<string[]> {
    return Promise.resolve([]);
  }

  cut(): void {
    this.#near.aim(this.#far.address, nobody);
    this.#far.aim(this.#near.address, nobody);
  }

  heal(): void {
    this.#near.aim(this.#far.address, this.#far.hardware);
    this.#far.aim(this.#near.address, this.#near.hardware);
  }

  close(): void {
    for (const door of this.#doors) door.close();
    remove(this.#name);
    this.#guard.kill('SIGKILL');
  }
}

/** One end of the wire. */
class End {
  readonly address: string;
  readonly hardware: string;
  readonly #where: readonly string[];
  readonly #device: string;

  /** `where`: flags of `ip` that say in which namespace. */
  constructor(where: readonly string[], device: string, address: string) {
    this.#where = where;
    this.#device = device;
    this.address = address;
    ip(...where, 'address', 'add', `${address}/30`, 'dev', device);
    ip(...where, 'link', 'set', device, 'up');
    const [{ address: hardware }] = JSON.parse(ip(...where, '-json', 'link', 'show', device)) as [
      { address: string },
    ];
    this.hardware = hardware;
  }

  /** Whom packets for an address go to. */
  aim(address: string, hardware: string): void {
    const to = ['lladdr', hardware, 'dev', this.#device, 'nud', 'permanent'];
    ip(...this.#where, 'neighbour', 'replace', address, ...to);
  }
}

function ip(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
  return stdout;
}

function remove(name: string): void {
  const near = `fc${names.exec(name)![1]}a`;
  spawnSync('sh', ['-c', removal, 'sh', name, near]);
}

function removeStale(): void {
  for (const name of all()) if (!isAlive(Number(names.exec(name)![1]))) remove(name);
}

function all(): string[] {
  try {
    return readdirSync(folder).filter((name) => names.test(name));
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
