/** The libraries of Funcs on the JVM: part of a package, built at first use in a checkout. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FuncatronError } from '../errors.ts';
import { copyArtifacts, findLocalRepository } from './maven-repository.ts';

const repository = fileURLToPath(new URL('../../jvm/repository', import.meta.url));
const script = fileURLToPath(new URL('../../jvm/build.ts', import.meta.url));
const buildTimeoutMs = 900_000;

/**
 * Has the build in `dir` find `funcatron:intf` and its companions, and says so in one line when
 * something had to be done. Rejects with `dependency_missing` or `build_failed`.
 */
export async function provideLibraries(dir: string, say: (text: string) => void): Promise<void> {
  await makeLibraries();
  const local = await findLocalRepository(dir);
  const copied = await copyArtifacts(repository, local);
  if (copied.length > 0) say(`put into ${local}: ${copied.join(', ')}`);
}

/** In a checkout they are brought up to date with their sources, if that is possible. */
async function makeLibraries(): Promise<void> {
  const isThere = existsSync(repository);
  if (!existsSync(script)) {
    if (isThere) return;
    const detail = `${repository} is not there: install funcatron again`;
    throw new FuncatronError('dependency_missing', detail);
  }
  const options = { timeout: buildTimeoutMs };
  await promisify(execFile)(process.execPath, [script, 'libraries'], options).catch((cause) => {
    if (isThere) return;
    const { stderr, message } = cause as Error & { stderr?: string };
    const detail = `funcatron:intf is not built: ${stderr?.trim() || message}`;
    throw new FuncatronError('dependency_missing', detail, { cause });
  });
}
