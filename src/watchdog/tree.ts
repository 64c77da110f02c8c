/** What /proc tells of a process and those it started. Where there is no /proc: nothing. */
import { readdirSync, readFileSync } from 'node:fs';

/** Of `/proc/<pid>/stat`: Linux has it so on all machines it runs on. */
const ticksPerSecond = 100;

/**
 * Children of a process, of all its threads. Needs a kernel with CONFIG_PROC_CHILDREN, which
 * distributions' kernels have.
 */
export function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) => ownChildrenOf(pid, task));
  } catch {
    return [];
  }
}

/** Children of one thread alone: cheaper, and all there are where there is one thread. */
export function ownChildrenOf(pid: number, thread: number | string = pid): number[] {
  try {
    return numbers(readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1'));
  } catch {
    return [];
  }
}

/** The process and everything below it. */
export function treeOf(pid: number): number[] {
  const pids = [pid];
  for (const one of pids) for (const child of childrenOf(one)) pids.push(child);
  return pids;
}

/**
 * Resident memory in bytes of a process and everything below it; 0 when it is gone. Pages that
 * several share count for each.
 */
export function readRss(pid: number): number {
  return treeOf(pid).reduce((total, one) => total + ownRss(one), 0);
}

function ownRss(pid: number): number {
  try {
    const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return match ? Number(match[1]) * 1024 : 0;
  } catch {
    return 0;
  }
}

/**
 * CPU time in ms of a process and everything below it, of what has ended as well; 0 when it is gone.
 * Looks for children of first threads alone, since it is asked often.
 */
export function readCpuMs(pid: number): number {
  return ownChildrenOf(pid).reduce((total, child) => total + readCpuMs(child), ownCpuMs(pid));
}

function ownCpuMs(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name before it may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [user, system, endedUser, endedSystem] = fields.slice(11, 15).map(Number);
    return ((user! + system! + endedUser! + endedSystem!) * 1000) / ticksPerSecond;
  } catch {
    return 0;
  }
}

/** A variable of the environment a process was started with; undefined when it cannot be read. */
export function variableOf(pid: number, name: string): string | undefined {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return variables.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
  } catch {
    return undefined;
  }
}

/** Kills a process and everything below it with SIGKILL. */
export function killTree(pid: number): void {
  for (const one of treeOf(pid)) {
    try {
      process.kill(one, 'SIGKILL');
    } catch {
      // It went by itself.
    }
  }
}

const numbers = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number);
