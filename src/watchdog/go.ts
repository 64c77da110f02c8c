/**
 * Times, names and messages as programs written in Go have them: those who come from OpenFaaS's
 * watchdogs configure ours, and read its answers and logs, in that form.
 */
import type { ProgramExit } from './program.ts';

const unitMs: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * A whole number of seconds, or a duration such as `1h30m` or `1.5s` (Go's time.ParseDuration), in
 * milliseconds; undefined if it is neither, or below zero.
 */
export function parseGoDuration(text: string): number | undefined {
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1_000;
  const parts = text.match(/(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|[smh])/g) ?? [];
  if (parts.length === 0 || parts.join('') !== text.replace(/^\+/, '')) return undefined;
  return parts.reduce((sum, part) => {
    const [, number, unit] = /^([\d.]+)(.+)$/.exec(part)!;
    return sum + Number(number) * unitMs[unit!]!;
  }, 0);
}

/** A header name as Go writes it: `x-github-event` is `X-Github-Event`. */
export function canonicalName(name: string): string {
  return name.toLowerCase().replace(/(^|-)([a-z])/g, (letter) => letter.toUpperCase());
}

/** Names of signals as Go's package syscall has them; others are `signal N`. */
const signalNames: Partial<Record<NodeJS.Signals, string>> = {
  SIGHUP: 'hangup',
  SIGINT: 'interrupt',
  SIGQUIT: 'quit',
  SIGILL: 'illegal instruction',
  SIGTRAP: 'trace/breakpoint trap',
  SIGABRT: 'aborted',
  SIGBUS: 'bus error',
  SIGFPE: 'floating point exception',
  SIGKILL: 'killed',
  SIGUSR1: 'user defined signal 1',
  SIGSEGV: 'segmentation fault',
  SIGUSR2: 'user defined signal 2',
  SIGPIPE: 'broken pipe',
  SIGALRM: 'alarm clock',
  SIGTERM: 'terminated',
};

const errnoTexts: Record<string, string> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  ENOEXEC: 'exec format error',
  E2BIG: 'argument list too long',
  ENOTDIR: 'not a directory',
  ENOMEM: 'cannot allocate memory',
  EAGAIN: 'resource temporarily unavailable',
  EMFILE: 'too many open files',
  ETXTBSY: 'text file busy',
};

/** How a program ended, as Go's os/exec says it: `exit status 3`, `signal: killed`. */
export function goExit({ code, signal }: ProgramExit): string {
  return signal ? `signal: ${signalNames[signal] ?? signal}` : `exit status ${code}`;
}

/** Why a program could not be started, as Go's os/exec says it. */
export function goStartFailure(name: string, errno: string): string {
  if (errno === 'ENOENT' && !name.includes('/')) return notOnPath(name);
  return `fork/exec ${name}: ${errnoTexts[errno] ?? errno}`;
}

export function notOnPath(name: string): string {
  return `exec: ${JSON.stringify(name)}: executable file not found in $PATH`;
}

/** A number of bytes as Docker's go-units shows it: `1.427kB`. */
export function goSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let index = 0;
  let size = bytes;
  while (size >= 1000 && index < units.length - 1) {
    size /= 1000;
    index++;
  }
  return `${Number(size.toPrecision(4))}${units[index]}`;
}

/** The time before each line of a Go program's log: `2026/11/21 15:04:05`, local. */
export function goDate(date = new Date()): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('/');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}
