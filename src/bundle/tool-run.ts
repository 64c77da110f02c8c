/** Runs a build tool to its end, with a bound on time and on what it says. */
import { spawn } from 'node:child_process';
import { showDuration } from '../unit.ts';

export interface ToolRun {
  program: string;
  args: readonly string[];
  cwd: string;
  timeoutMs: number;
  /** Default: as this process. */
  env?: NodeJS.ProcessEnv;
  /** Aborting it ends the tool and all it has started; so does a signal that ends this process. */
  signal?: AbortSignal | undefined;
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

/** How one went that did not work: for an error, after the tool's name. */
export function howItEnded({ code, timedOut }: ToolResult, timeoutMs: number): string {
  if (timedOut) return `was ended after ${showDuration(timeoutMs)}`;
  return code === null ? 'was ended by a signal' : 'failed';
}

/** Rejects with the system's error where the program cannot be started: `ENOENT`, `EACCES`. */
export function runTool(run: ToolRun): Promise<ToolResult> {
  const { program, args, cwd, env = process.env, timeoutMs, signal } = run;
  return new Promise((resolve, reject) => {
    // A group of its own, so that what the tool starts is ended with it.
    const child = spawn(program, args, {
      ...{ cwd, env },
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
    signal?.addEventListener('abort', end);
    const forgetSignals = endWithProcess(end);
    const tidyUp = (): void => {
      clearTimeout(timer);
      forgetSignals();
      signal?.removeEventListener('abort', end);
    };
    child.on('error', (cause) => {
      tidyUp();
      reject(cause);
    });
    child.on('close', (code) => {
      tidyUp();
      resolve({ code, output, timedOut });
    });
    if (signal?.aborted) end();
  });
}

/**
 * A tool in a group of its own does not get the signal that ends this process, as Ctrl-C does: ends
 * it then. Returns what to call when it has ended.
 */
function endWithProcess(end: () => void): () => void {
  const onSignal = (signal: NodeJS.Signals): void => {
    end();
    forget();
    // What it does without us, unless somebody else sees to an end in order.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  const forget = (): void => {
    for (const signal of endings) process.off(signal, onSignal);
  };
  for (const signal of endings) process.on(signal, onSignal);
  return forget;
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself this very moment.
  }
}
