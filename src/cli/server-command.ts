/** What `serve` and `dev` have in common: logs, and an orderly end. */
import { createLog } from '../log.ts';
import type { Log, LogLevel } from '../log.ts';

export function openLog(options: { logLevel: LogLevel; logFormat: string }): Log {
  const { logLevel: level, logFormat } = options;
  return createLog(logFormat === 'auto' ? { level } : { level, pretty: logFormat === 'pretty' });
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** npm passes on the Ctrl-C that its child had from the terminal itself: that is one signal. */
const sameSignalMs = 1_000;
/** A server that is asked to end while it starts gets so long to be there and close in order. */
const startGraceMs = 5_000;

/**
 * Starts a server and runs it until a signal comes, which may be while it starts; then closes it.
 * A second signal does not wait for calls in flight.
 */
export async function runServer(start: () => Promise<{ close(): Promise<void> }>): Promise<void> {
  let stop = (): void => {};
  let askedAt: number | undefined;
  let isStarted = false;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  const onSignal = (): void => {
    if (askedAt !== undefined && performance.now() - askedAt > sameSignalMs) process.exit(1);
    askedAt ??= performance.now();
    setTimeout(() => isStarted || process.exit(1), startGraceMs).unref();
    stop();
  };
  for (const signal of signals) process.on(signal, onSignal);
  try {
    const server = await start();
    isStarted = true;
    await stopped;
    await server.close();
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}
