/**
 * Programs started by this process itself. Forking costs time in proportion to the memory of this
 * process, and their standard streams are sockets, which cannot be opened as /dev/stderr: good for
 * the few that live long, and for where there is no helper (`spawner.ts`).
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { signalGroup } from './group.ts';
import type { Program, ProgramExit, ProgramSpec, Spawner } from './program.ts';

export interface SpawnOptions {
  /** The program (a path, or a name to find in `env.PATH`) and its arguments. */
  command: readonly string[];
  cwd?: string;
  /** The whole environment; see `cleanEnv`. */
  env: Record<string, string>;
  stdin?: boolean;
  /** It is given `channel` as its descriptor 3. */
  channel?: boolean;
}

/** Starts a program as the leader of its own process group. Never throws: see `exit.errno`. */
export function spawnProgram(options: SpawnOptions): Program {
  const [file, ...args] = options.command;
  return start({ file: file!, args, ...options });
}

/** A spawner without a helper; `env` is under what each spec says. */
export function openDirect(env: Record<string, string>): Spawner {
  const live = new Set<Program>();
  let closed = false;
  return {
    pid: undefined,
    async spawn({ file, argv, cwd, env: own, stdin, merges }: ProgramSpec) {
      if (closed) throw Object.assign(new Error('closed'), { code: 'ECANCELED' });
      const [argv0, ...args] = argv;
      const all = { cwd, env: { ...env, ...own }, stdin };
      const program = start(
        merges && existsSync(shell)
          ? { ...all, file: shell, args: ['-c', merging, file, ...args] }
          : { ...all, file, args, argv0: argv0! },
      );
      live.add(program);
      void program.exited.then(() => live.delete(program));
      return program;
    },
    async close() {
      closed = true;
      for (const program of live) signalGroup(program.pid, 'SIGKILL');
      await Promise.all([...live].map((program) => program.exited));
    },
  };
}

/** One pipe for both streams, which Node's own spawn has no way to ask for. */
const shell = '/bin/sh';
const merging = 'exec "$0" "$@" 2>&1';

interface Start {
  file: string;
  args: string[];
  argv0?: string;
  cwd?: string;
  env: Record<string, string>;
  stdin?: boolean;
  channel?: boolean;
}

function start({ file, args, stdin, channel, ...options }: Start): Program {
  let child: ChildProcess;
  try {
    child = spawn(file, args, {
      ...options,
      detached: true,
      stdio: [stdin ? 'pipe' : 'ignore', 'pipe', 'pipe', ...(channel ? (['pipe'] as const) : [])],
    });
  } catch (error) {
    return unstarted((error as NodeJS.ErrnoException).code);
  }
  const { promise: exited, resolve } = Promise.withResolvers<ProgramExit>();
  let exit: ProgramExit | undefined;
  const settle = (how: ProgramExit): void => resolve((exit ??= how));
  child.once('exit', (code, signal) => settle({ code, signal }));
  child.once('error', (error: NodeJS.ErrnoException) => settle(failure(error.code)));
  const pid = child.pid ?? 0;
  let swept = false;
  return {
    pid,
    stdin: child.stdin ?? undefined,
    stdout: child.stdout ?? ended(),
    stderr: child.stderr ?? ended(),
    ...(channel && { channel: child.stdio[3] as Socket }),
    exited,
    get exit() {
      return exit;
    },
    sweep() {
      // Once: the id may be another's later.
      if (!swept) signalGroup(pid, 'SIGKILL');
      swept = true;
    },
    hold(isHeld) {
      const streams = child.stdio as (Socket | null)[];
      for (const one of [child, ...streams])
        if (isHeld) one?.ref();
        else one?.unref();
    },
  };
}

function unstarted(code: string | undefined): Program {
  const exit = failure(code);
  return {
    pid: 0,
    stdin: undefined,
    stdout: ended(),
    stderr: ended(),
    exited: Promise.resolve(exit),
    exit,
    sweep: () => undefined,
  };
}

const failure = (errno = 'EUNKNOWN'): ProgramExit => ({ code: null, signal: null, errno });
const ended = (): Readable => Readable.from([]);
