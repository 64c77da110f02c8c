/** Starts the HTTP program of a bundle and waits until it is the one that listens on its port. */
import { setTimeout as sleep } from 'node:timers/promises';
import { FuncatronError } from '../errors.ts';
import type { FoundCommand } from '../watchdog/command.ts';
import { LastWords } from '../watchdog/last-words.ts';
import { accepts, findPort, ownsPort, reachPort } from '../watchdog/port.ts';
import { describeExit, killProgram } from '../watchdog/program.ts';
import type { Program, Spawner } from '../watchdog/program.ts';
import { readLines } from '../watchdog/line.ts';
import type { LineGate } from '../watchdog/line.ts';

/** Somebody else may take a port between our choosing it and the program's listening on it. */
const attemptsMax = 5;
const firstPauseMs = 4;
const longestPauseMs = 40;

/** Where a program listens that is not told a port. */
export interface Upstream {
  host: string;
  port: number;
}

export interface HttpProgramOptions {
  spawner: Spawner;
  command: FoundCommand;
  dir: string;
  upstream?: Upstream;
  portVariables(port: number): Record<string, string>;
  /** Within which it has to accept connections. */
  readyMs: number;
  gate: LineGate;
  onLine: (level: 'info' | 'warn', text: string) => void;
}

export interface HttpProgram {
  program: Program;
  host: string;
  port: number;
  lastWords: LastWords;
  /** Resolves when everything it wrote has been read. */
  silent: Promise<unknown>;
}

/** Rejects with `worker_start_failed`, saying why; then nothing is left running. */
export async function startHttpProgram(options: HttpProgramOptions): Promise<HttpProgram> {
  const until = Date.now() + options.readyMs;
  for (let attempt = 1; ; attempt++) {
    const started = await start(options);
    const state = await becomeReady(started, options, until);
    if (state === 'ready') return started;
    await end(started);
    const lost = state === 'taken' || (state === 'exited' && (await lostPort(started)));
    const retry = lost && !options.upstream;
    if (!retry || attempt === attemptsMax) throw startFailed(state, started, options);
  }
}

async function start(options: HttpProgramOptions): Promise<HttpProgram> {
  const { spawner, command, dir, gate, onLine, upstream, portVariables } = options;
  const port = upstream?.port ?? (await findPort());
  let program: Program;
  try {
    program = await spawner.spawn({
      ...command,
      cwd: dir,
      env: upstream ? {} : portVariables(port),
      stdin: false,
    });
  } catch (cause) {
    const detail = `${command.file} could not be started: ${(cause as Error).message}`;
    throw new FuncatronError('worker_start_failed', detail, { cause });
  }
  const lastWords = new LastWords();
  const silent = Promise.all([
    readLines(program.stdout, gate, (text) => onLine('info', text)),
    readLines(program.stderr, gate, (text) => {
      lastWords.add(text);
      onLine('warn', text);
    }),
  ]);
  return { program, host: upstream?.host ?? '127.0.0.1', port, lastWords, silent };
}

type State = 'ready' | 'taken' | 'exited' | 'late';

async function becomeReady(
  started: HttpProgram,
  { spawner, upstream }: HttpProgramOptions,
  until: number,
): Promise<State> {
  const { program, port } = started;
  const exited = program.exited.then(() => undefined);
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    if (program.exit) return 'exited';
    const host = await reach(port, upstream);
    if (host) {
      started.host = host;
      if (upstream && !isLoopback(upstream.host)) return 'ready';
      return ownsPort(spawner.pid ?? program.pid, port) === false ? 'taken' : 'ready';
    }
    if (Date.now() >= until) return 'late';
    await Promise.race([sleep(pauseMs), exited]);
  }
}

/** The address that accepts connections; undefined if none does. */
async function reach(port: number, upstream: Upstream | undefined): Promise<string | undefined> {
  if (!upstream || isLoopback(upstream.host)) return reachPort(port);
  return (await accepts(upstream.host, port)) ? upstream.host : undefined;
}

const isLoopback = (host: string): boolean => /^(localhost|127\.[\d.]+|::1)$/.test(host);

async function end({ program, silent }: HttpProgram): Promise<void> {
  killProgram(program);
  await program.exited;
  program.sweep();
  await Promise.race([silent, sleep(longestPauseMs)]);
}

/** Whether it ended because its port was somebody else's. */
async function lostPort({ port, lastWords }: HttpProgram): Promise<boolean> {
  const said = /EADDRINUSE|address (already )?in use/i.test(lastWords.toString());
  return said || (await reachPort(port)) !== undefined;
}

function startFailed(
  state: State,
  { program, port, lastWords }: HttpProgram,
  { command, readyMs, upstream }: HttpProgramOptions,
): FuncatronError {
  const words = lastWords.toString();
  const said = words ? `; it last wrote: ${words}` : '';
  const name = `the program "${command.argv.join(' ')}"`;
  const why = {
    ready: '',
    taken: upstream
      ? `is not who listens on port ${port}: somebody else took it`
      : `could not get a port of its own in ${attemptsMax} attempts`,
    exited: `ended with ${describeExit(program.exit!)} before it accepted connections`,
    late: `accepted no connection on port ${port} within ${readyMs} ms`,
  }[state];
  const mend = upstream
    ? `it must listen on the port of upstream_url, ${port}, or on that in PORT without upstream_url`
    : 'it must listen on 127.0.0.1 and the port in the variable PORT';
  return new FuncatronError('worker_start_failed', `${name} ${why}; ${mend}${said}`);
}
