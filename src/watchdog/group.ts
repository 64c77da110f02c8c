/**
 * Sends a signal to a process group; false when it is gone. A signal of 0 only asks.
 * Ours is never meant: a pid of 0 or 1 would reach it, or everything.
 */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false;
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

const lookMs = 20;

/**
 * Ends a process group: SIGTERM, and SIGKILL to what is left after `graceMs`. Resolves when no
 * process of it is left; zombies that nobody waits for count as left for `graceMs` more.
 */
export async function killGroup(pid: number, graceMs: number): Promise<void> {
  if (!signalGroup(pid, 'SIGTERM')) return;
  if (await isGone(pid, graceMs)) return;
  signalGroup(pid, 'SIGKILL');
  await isGone(pid, Math.max(graceMs, lookMs));
}

async function isGone(pid: number, withinMs: number): Promise<boolean> {
  const until = Date.now() + withinMs;
  while (signalGroup(pid, 0)) {
    if (Date.now() >= until) return false;
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  return true;
}
