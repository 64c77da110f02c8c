/** Starts a worker process that speaks the wire, in whatever language, and waits for its hello. */
import { Child } from './child.ts';
import { Link } from './link.ts';
import { meet } from './meet.ts';
import type { StartOptions, Worker, WorkerEvents } from './runtime.ts';

const defaultStartTimeoutMs = 10_000;
const defaultAssignTimeoutMs = 30_000;

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
export function startWireWorker(
  wire: WireCommand,
  options: StartOptions,
  events: WorkerEvents,
): Promise<Worker> {
  const { socketDir: dir, startTimeoutMs: timeoutMs = defaultStartTimeoutMs } = options;
  return meet({
    ...{ label: wire.label, dir, timeoutMs },
    async start(path) {
      const child = new Child({
        label: wire.label,
        command: wire.command,
        env: { ...wire.env, FUNCATRON_SOCKET: path },
        cwd: dir,
        onLine: (line) => events.onLog(line),
      });
      const failure = await child.startFailure();
      if (failure) throw failure;
      return child;
    },
    async greet(socket, child, closed) {
      const link = new Link({
        process: child,
        socket,
        events,
        assignTimeoutMs: options.assignTimeoutMs ?? defaultAssignTimeoutMs,
        outOfMemory: wire.outOfMemory,
      });
      await link.greeted();
      void Promise.all([child.gone, closed]).then(([exit]) => link.closed(exit));
      return link;
    },
  });
}
