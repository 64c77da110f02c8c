/**
 * `funcatron watchdog`, also called as `fwatchdog`: in the place of OpenFaaS's watchdogs in a
 * container. Its options are environment variables, as theirs are.
 */
import { readFileSync } from 'node:fs';
import { toFault } from '../errors.ts';
import { LockFile } from './watchdog/lock.ts';
import type { Output } from './watchdog/line.ts';

type Variables = Record<string, string | undefined>;

/** What the command takes, each with one dash as Go has it or with two. */
const usage = `usage: fwatchdog [--run-healthcheck | --version]

Serves the program in the variable fprocess over HTTP. All else is set by variables, too:
docs/watchdog.md lists them.`;

/** Runs the command with its arguments. Never rejects; resolves with the exit code. */
export async function watchdog(
  args: readonly string[],
  env: Variables,
  output: Output,
): Promise<number> {
  const [first, ...more] = args.map((arg) => arg.replace(/^-(?=\w{2})/, '--'));
  if (more.length === 0 && first === '--run-healthcheck') return checkHealth(env, output);
  if (more.length === 0 && first === '--version') {
    output.out(version());
    return 0;
  }
  if (first !== undefined) {
    output.err(usage);
    return first === '--help' ? 0 : 2;
  }
  try {
    return await serve(env, output);
  } catch (thrown) {
    const { code, message } = toFault(thrown);
    output.err(`error ${code}: ${message}`);
    return code === 'option_invalid' ? 2 : 1;
  }
}

function checkHealth(env: Variables, { err }: Output): number {
  const lock = new LockFile(env);
  if (lock.isThere) return 0;
  err(`unable to find lock file ${lock.path}.`);
  return 1;
}

async function serve(env: Variables, output: Output): Promise<number> {
  const { startWatchdog } = await import('./watchdog/watchdog.ts');
  const asked = new Set<string>();
  let act = (signal: string): void => void asked.add(signal);
  const onSignal = (signal: string): void => act(signal);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal);
  const alone = await startWatchdog(env, process.cwd(), output);
  let isAsked = false;
  act = (signal) => {
    // Whoever asks twice does not want to wait.
    if (isAsked) process.exit(1);
    isAsked = true;
    void alone.terminate(signal, signal !== 'SIGTERM');
  };
  for (const signal of asked) act(signal);
  return alone.ended;
}

function version(): string {
  const { getAsset, isSea } = process.getBuiltinModule('node:sea');
  const text = isSea()
    ? getAsset('package.json', 'utf8')
    : readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
