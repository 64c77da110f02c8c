/** TCP ports for programs that listen: choosing one, and whether the program has taken it. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { treeOf } from './tree.ts';

/** State LISTEN in /proc/net/tcp. */
const listening = '0A';
const lookMs = 5;

/** A port of the loopback interface that is free now; somebody may take it before it is used. */
export function findPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** The loopback address, IPv4 or IPv6, that accepts connections on `port`; undefined if none. */
export async function reachPort(port: number): Promise<string | undefined> {
  for (const host of ['127.0.0.1', '::1']) if (await accepts(host, port)) return host;
  return undefined;
}

/** Whether an address accepts connections on `port`. */
export function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (accepted: boolean): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
  });
}

/**
 * Whether somebody takes connections to a port within `timeoutMs`. The system accepts them on
 * behalf of a program that does nothing any more, so its queue of untaken ones is looked at; where
 * that cannot be seen, a connection is all the proof there is.
 */
export async function takesConnections(
  host: string,
  port: number,
  timeoutMs: number,
): Promise<boolean> {
  const until = Date.now() + timeoutMs;
  const socket = connect({ host, port });
  try {
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('close', () => resolve(false));
      socket.on('error', () => undefined).setTimeout(timeoutMs, () => resolve(false));
    });
    if (!connected) return false;
    while (listeners(port).some(({ untaken }) => untaken > 0)) {
      if (Date.now() >= until) return false;
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
    return true;
  } finally {
    socket.destroy();
  }
}

/**
 * Whether a process below `pid` is who listens on `port`: false when somebody else is, undefined
 * when the machine does not tell (no /proc, or the sockets of others are hidden).
 */
export function ownsPort(pid: number, port: number): boolean | undefined {
  const found = listeners(port);
  if (found.length === 0) return undefined;
  const wanted = new Set(found.map(({ inode }) => `socket:[${inode}]`));
  return treeOf(pid).some((one) => holdsAny(one, wanted));
}

interface Listener {
  inode: string;
  /** Connections that wait to be accepted. */
  untaken: number;
}

/** The sockets that listen on a port (proc(5), /proc/net/tcp). */
function listeners(port: number): Listener[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const found: Listener[] = [];
  for (const line of [...readTable('tcp'), ...readTable('tcp6')]) {
    const [, local, , state, queues, , , , , inode] = line.trim().split(/\s+/);
    if (state !== listening || !local?.endsWith(suffix) || !inode) continue;
    found.push({ inode, untaken: Number.parseInt(queues!.split(':')[1]!, 16) });
  }
  return found;
}

function readTable(name: string): string[] {
  try {
    return readFileSync(`/proc/self/net/${name}`, 'latin1').split('\n').slice(1);
  } catch {
    return [];
  }
}

function holdsAny(pid: number, links: Set<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return links.has(readlinkSync(`/proc/${pid}/fd/${fd}`));
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
}
