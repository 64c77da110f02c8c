/** A program that the helper started: its pipes, opened here, and its end, as the helper tells. */
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants as osConstants } from 'node:os';
import { Readable } from 'node:stream';
import type { Writable } from 'node:stream';
import { getSystemErrorName } from 'node:util';
import type { Program, ProgramExit } from './program.ts';

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const signals = new Map(Object.entries(osConstants.signals).map(([name, code]) => [code, name]));

export class PipeProgram implements Program {
  pid = 0;
  stdin: Writable | undefined;
  stdout!: Readable;
  stderr!: Readable;
  exit: ProgramExit | undefined;
  readonly exited: Promise<ProgramExit>;
  /** Resolves with this when it runs. */
  readonly started: Promise<Program>;
  readonly sweep: () => void;
  #errno: string | undefined;
  #settleExit: (exit: ProgramExit) => void = () => undefined;
  #settleStart: (program: Program) => void = () => undefined;
  #rejectStart: (error: Error) => void = () => undefined;

  constructor(sweep: (program: PipeProgram) => void) {
    this.sweep = () => sweep(this);
    this.exited = new Promise((resolve) => (this.#settleExit = resolve));
    this.started = new Promise((resolve, reject) => {
      this.#settleStart = resolve;
      this.#rejectStart = reject;
    });
  }

  /** Opens the pipes, which are `numbers` (in, out, err; -1 for none) in the process `holder`. */
  open(pid: number, holder: number, numbers: number[]): void {
    this.pid = pid;
    const fds: number[] = [];
    try {
      for (const [index, number] of numbers.entries())
        fds.push(number < 0 ? -1 : openHeld(holder, number, index === 0 ? O_WRONLY : O_RDONLY));
    } catch (error) {
      for (const fd of fds) if (fd >= 0) closeSync(fd);
      return this.#rejectStart(error as Error);
    }
    const [input, output, errors] = fds as [number, number, number];
    if (input >= 0) this.stdin = new Socket({ fd: input, readable: false, writable: true });
    this.stdout = new Socket({ fd: output, readable: true, writable: false });
    this.stderr =
      errors >= 0 ? new Socket({ fd: errors, readable: true, writable: false }) : Readable.from([]);
    this.#settleStart(this);
  }

  /** It could not be executed; its exit follows. */
  fail(errno: number): void {
    this.#errno = getSystemErrorName(-errno);
  }

  /** It could not even be forked. */
  refuse(errno: number): void {
    const code = getSystemErrorName(-errno);
    this.#rejectStart(Object.assign(new Error(`fork: ${code}`), { code }));
  }

  /** `status` as wait(2) gives it. */
  end(status: number): void {
    const number = status & 0x7f;
    const signal = number === 0 ? null : (signals.get(number) ?? `SIG${number}`);
    this.exit ??= this.#errno
      ? { code: null, signal: null, errno: this.#errno }
      : { code: signal ? null : status >> 8, signal: signal as NodeJS.Signals | null };
    this.#settleExit(this.exit);
    if (this.pid === 0)
      this.#rejectStart(Object.assign(new Error('the helper is gone'), { code: 'ECHILD' }));
  }
}

/** Opens a pipe end that another process of ours holds, as one of our own (proc(5), /proc/pid/fd). */
export function openHeld(pid: number, number: number, mode: number): number {
  return openSync(`/proc/${pid}/fd/${number}`, mode | O_NONBLOCK);
}
