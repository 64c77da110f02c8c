/** The program of JVM workers: one jar, built beforehand in a package, at first use in a checkout. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FuncatronError } from '../errors.ts';

const jar = fileURLToPath(new URL('../../workers/jvm/worker.jar', import.meta.url));
const build = fileURLToPath(new URL('../../jvm/build.ts', import.meta.url));
const buildTimeoutMs = 900_000;

/** Resolves with its path. Rejects with `dependency_missing` and what to install. */
export async function findWorkerJar(): Promise<string> {
  if (existsSync(jar)) return jar;
  if (!existsSync(build)) throw missing(`${jar} is not there: install funcatron again`);
  try {
    await promisify(execFile)(process.execPath, [build, 'worker'], { timeout: buildTimeoutMs });
  } catch (thrown) {
    const { stderr, message } = thrown as Error & { stderr?: string };
    throw missing(stderr?.trim() || message, thrown);
  }
  return jar;
}

const missing = (why: string, cause?: unknown): FuncatronError =>
  new FuncatronError('dependency_missing', `the worker of JVM bundles is not built: ${why}`, {
    cause,
  });
