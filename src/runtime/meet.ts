/** A worker that was told of a socket is waited for there, and heard out when it goes. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import { FuncatronError } from '../errors.ts';
import { describeExit } from '../watchdog/program.ts';
import type { WorkerProcess } from './link.ts';

/** sun_path is 108 bytes on Linux, its NUL included (unix(7)). */
const socketPathBytesMax = 107;
/** How long a worker that hung up may take to end. */
const hangUpMs = 1000;
/** How long what a worker sent may take to arrive after its end. */
const restMs = 500;

export interface Greeting<P extends WorkerProcess, T> {
  /** What is waited for, in messages: `node worker`. */
  label: string;
  timeoutMs: number;
  /** Resolves with its first frame. `closed`: everything the worker ever sent has been read. */
  greet(socket: Socket, process: P, closed: Promise<void>): Promise<T>;
}

export interface Meeting<P extends WorkerProcess, T> extends Greeting<P, T> {
  /** Folder for the socket. */
  dir: string;
  /** Has the worker connect to the socket at `path`. */
  start(path: string): Promise<P>;
}

/**
 * Listens on a socket of its own, and resolves with what `greet` makes of who connects. Rejects with
 * `worker_start_failed`, or as `start` does; then nothing is left running.
 */
export async function meet<P extends WorkerProcess, T>(meeting: Meeting<P, T>): Promise<T> {
  const path = join(meeting.dir, `${randomBytes(6).toString('hex')}.sock`);
  if (Buffer.byteLength(path) > socketPathBytesMax)
    throw startFailed(`the path ${path} is too long for a socket; choose a shorter folder`);
  const server = createServer();
  server.maxConnections = 1;
  try {
    await listen(server, path);
    const process = await meeting.start(path);
    const connected = once(server, 'connection').then(([socket]) => socket as Socket);
    connected.catch(() => undefined);
    return await greetInTime(meeting, process, connected);
  } finally {
    server.close();
  }
}

/**
 * Resolves with what `greet` makes of a process and its connection. Rejects with
 * `worker_start_failed` when it ends before or takes too long; then it is killed.
 */
export async function greetInTime<P extends WorkerProcess, T>(
  greeting: Greeting<P, T>,
  process: P,
  connected: Promise<Socket>,
): Promise<T> {
  try {
    return await receive(greeting, process, connected);
  } catch (error) {
    process.kill();
    await process.gone;
    throw error;
  }
}

async function receive<P extends WorkerProcess, T>(
  { label, timeoutMs, greet }: Greeting<P, T>,
  process: P,
  connected: Promise<Socket>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const detail = `the ${label} did not say hello within ${timeoutMs} ms`;
    timer = setTimeout(() => reject(startFailed(detail)), timeoutMs);
  });
  const early = process.gone.then(({ lastWords, ...exit }) => {
    const words = lastWords ? `; it last wrote: ${lastWords}` : '';
    const how = describeExit(exit);
    throw startFailed(`the ${label} ended before it said hello (${how})${words}`);
  });
  early.catch(() => undefined);
  try {
    const socket = await Promise.race([connected, early, late]);
    const closed = watchSocket(socket, process);
    return await Promise.race([greet(socket, process, closed), early, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when everything the worker sent has been read. */
function watchSocket(socket: Socket, process: WorkerProcess): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;
  socket.on('error', () => undefined);
  socket.once('close', () => {
    resolve();
    timer = setTimeout(() => process.kill(), hangUpMs);
  });
  void process.gone.then(async () => {
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
