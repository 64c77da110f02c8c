/** A program that was started, whichever way. */
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { signalGroup } from './group.ts';

export interface ProgramSpec {
  /** Path of the executable. */
  file: string;
  /** Arguments, the program's own name first. */
  argv: readonly string[];
  cwd: string;
  /** Variables over those of the spawner. */
  env: Record<string, string>;
  /** False: standard input is at its end from the start. */
  stdin: boolean;
  /** Standard error goes where standard output does, in order; where there is a way. */
  merges?: boolean;
}

export interface ProgramExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Why the program did not even start, such as `ENOENT`. */
  errno?: string;
}

export interface Program {
  /** Also the id of its process group. 0 if it did not start. */
  readonly pid: number;
  /** Absent when the spec wants none. */
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** A connection to its descriptor 3, both ways, where it was started with one. */
  readonly channel?: Socket;
  /** Resolves when the program itself is gone; what it started may live on, see `sweep`. */
  readonly exited: Promise<ProgramExit>;
  /** The same, once it is known. */
  readonly exit: ProgramExit | undefined;
  /** Kills at once what the program left behind; for after its exit. */
  sweep(): void;
  /** Whether this process is to live on for the program's sake; it is, at first. */
  hold?(isHeld: boolean): void;
}

export interface Spawner {
  /** The process that starts the programs and owns them; undefined when that is this one. */
  readonly pid: number | undefined;
  /** Rejects, with an errno as `code`, when the machine has no room for another process. */
  spawn(spec: ProgramSpec): Promise<Program>;
  /** Kills everything it started, at once, and starts no more. Resolves when that is done. */
  close(): Promise<void>;
}

/**
 * Ends a program and its group: SIGTERM, and SIGKILL when the program is still there after
 * `graceMs`. What it leaves behind is killed. Resolves with its exit.
 */
export async function stopProgram(program: Program, graceMs: number): Promise<ProgramExit> {
  if (program.exit === undefined) signalGroup(program.pid, 'SIGTERM');
  const timer = setTimeout(() => killProgram(program), graceMs);
  const exit = await program.exited;
  clearTimeout(timer);
  program.sweep();
  return exit;
}

/** Ends a program and its group at once. */
export function killProgram(program: Program): void {
  if (program.exit === undefined) signalGroup(program.pid, 'SIGKILL');
}

/** How a program ended, in words: `exit status 3`, `signal SIGSEGV`. */
export function describeExit(exit: ProgramExit): string {
  if (exit.errno) return `error ${exit.errno} at its start`;
  return exit.signal ? `signal ${exit.signal}` : `exit status ${exit.code}`;
}
