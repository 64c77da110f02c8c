/** Runs a build tool to its end, with a bound on time and on what it says. */
import { spawn } from 'node:child_process';

export interface ToolRun {
  program: string;
  args: readonly string[];
  cwd: string;
  timeoutMs: number;
  /** Aborting it ends the tool and all it has started. */
  signal: AbortSignal;
}

export interface ToolResult {
  /** 0 when it worked; null when it was ended. */
  code: number | null;
  /** The end of what it printed, both streams. */
  output: string;
  timedOut: boolean;
}

const outputMax = 256 * 1024;
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Rejects with the system's error where the program cannot be started: `ENOENT`, `EACCES`. */
export function runTool({ program, args, cwd, timeoutMs, signal }: ToolRun): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    // A group of its own, so that what the tool starts is ended with it.
    const child = spawn(program, args, {
      cwd,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let timedOut = false;
    const take = (chunk: string): void => void (output = (output + chunk).slice(-outputMax));
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    const end = (): void => endGroup(child.pid);
    const timer = setTimeout(() => {
      timedOut = true;
      end();
    }, timeoutMs);
    signal.addEventListener('abort', end);
    const forgetSignals = endWithProcess(end);
    const tidyUp = (): void => {
      clearTimeout(timer);
      forgetSignals();
      signal.removeEventListener('abort', end);
    };
    child.on('error', (cause) => {
      tidyUp();
      reject(cause);
    });
    child.on('close', (code) => {
      tidyUp();
      resolve({ code, output, timedOut });
    });
    if (signal.aborted) end();
  });
}

/**
 * A tool in a group of its own does not get the signal that ends this process, as Ctrl-C does: ends
 * it then, unless somebody else sees to an end in order. Returns what to call when it has ended.
 */
function endWithProcess(end: () => void): () => void {
  const endTool = (signal: NodeJS.Signals): void => {
    if (process.listeners(signal).some(({ name }) => name !== endTool.name)) return;
    end();
    process.off(signal, endTool);
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  for (const signal of endings) process.on(signal, endTool);
  return () => {
    for (const signal of endings) process.off(signal, endTool);
  };
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself this very moment.
  }
}
