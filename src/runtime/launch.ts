/** Starts a worker process that speaks the wire, in whatever language, and waits for its hello. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import { FuncatronError } from '../errors.ts';
import { describeExit } from '../watchdog/program.ts';
import { Child } from './child.ts';
import { Link } from './link.ts';
import type { StartOptions, Worker, WorkerEvents } from './runtime.ts';

/** sun_path is 108 bytes on Linux, its NUL included (unix(7)). */
const socketPathBytesMax = 107;
const defaultStartTimeoutMs = 10_000;
const defaultAssignTimeoutMs = 30_000;
/** How long a worker that hung up may take to end. */
const hangUpMs = 1000;
/** How long what a worker sent may take to arrive after its end. */
const restMs = 500;

export interface WireCommand {
  /** What runs, for messages: `node worker`. */
  label: string;
  /** The program (a path, or a name to find on PATH) and its arguments. */
  command: readonly string[];
  /** Variables it needs beside PATH, HOME, LANG, TMPDIR, TZ and FUNCATRON_SOCKET. */
  env?: Record<string, string>;
  /** Matches the last words of a worker that used up its memory. */
  outOfMemory?: RegExp;
}

/**
 * Listens on a socket of its own in `options.socketDir`, starts the command with its path in
 * FUNCATRON_SOCKET, and resolves when the worker has said hello. Rejects with `dependency_missing`
 * when there is no such program, else `worker_start_failed`; then nothing is left running.
 */
export async function startWireWorker(
  wire: WireCommand,
  options: StartOptions,
  events: WorkerEvents,
): Promise<Worker> {
  const path = join(options.socketDir, `${randomBytes(6).toString('hex')}.sock`);
  if (Buffer.byteLength(path) > socketPathBytesMax)
    throw startFailed(`the path ${path} is too long for a socket; choose a shorter folder`);
  const server = createServer();
  server.maxConnections = 1;
  try {
    await listen(server, path);
    const child = new Child({
      label: wire.label,
      command: wire.command,
      env: { ...wire.env, FUNCATRON_SOCKET: path },
      cwd: options.socketDir,
      onLine: (line) => events.onLog(line),
    });
    const failure = await child.startFailure();
    if (failure) throw failure;
    try {
      return await meet(wire, options, events, server, child);
    } catch (error) {
      child.kill();
      await child.gone;
      throw error;
    }
  } finally {
    server.close();
  }
}

async function meet(
  wire: WireCommand,
  options: StartOptions,
  events: WorkerEvents,
  server: Server,
  child: Child,
): Promise<Worker> {
  const timeoutMs = options.startTimeoutMs ?? defaultStartTimeoutMs;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const detail = `the ${wire.label} did not say hello within ${timeoutMs} ms`;
    timer = setTimeout(() => reject(startFailed(detail)), timeoutMs);
  });
  const early = child.gone.then(({ lastWords, ...exit }) => {
    const words = lastWords ? `; it last wrote: ${lastWords}` : '';
    const how = describeExit(exit);
    throw startFailed(`the ${wire.label} ended before it said hello (${how})${words}`);
  });
  early.catch(() => undefined);
  try {
    const [socket] = (await Promise.race([once(server, 'connection'), early, late])) as [Socket];
    const link = new Link({
      child,
      socket,
      events,
      assignTimeoutMs: options.assignTimeoutMs ?? defaultAssignTimeoutMs,
      outOfMemory: wire.outOfMemory,
    });
    const closed = watchSocket(socket, child);
    await Promise.race([link.greeted(), early, late]);
    void Promise.all([child.gone, closed]).then(([exit]) => link.closed(exit));
    return link;
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when everything the worker sent has been read. */
function watchSocket(socket: Socket, child: Child): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
  socket.on('error', () => undefined);
  socket.once('close', () => {
    resolve();
    timer = setTimeout(() => child.kill(), hangUpMs);
  });
  void child.gone.then(async () => {
    clearTimeout(timer);
    // What the worker started may hold its socket open after its end.
    timer = setTimeout(() => socket.destroy(), restMs);
    await promise;
    clearTimeout(timer);
  });
  return promise;
}

async function listen(server: Server, path: string): Promise<void> {
  server.listen(path);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw startFailed(`no socket can be made at ${path}: ${(cause as Error).message}`, cause);
  }
}

const startFailed = (detail: string, cause?: unknown): FuncatronError =>
  new FuncatronError('worker_start_failed', detail, { cause });
