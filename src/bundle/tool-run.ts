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
    const tidyUp = (): void => {
      clearTimeout(timer);
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

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself this very moment.
  }
}
