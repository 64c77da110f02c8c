/** The libraries of Funcs on the JVM: part of a package, built at first use in a checkout. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { copyArtifacts, findLocalRepository } from './maven-repository.ts';

const repository = fileURLToPath(new URL('../../jvm/repository', import.meta.url));
const script = fileURLToPath(new URL('../../jvm/build.ts', import.meta.url));
const buildTimeoutMs = 900_000;

/**
 * Has the build in `dir` find `funcatron:intf` and its companions, and says so in one line when
 * something had to be done, or could not be. Rejects with `build_failed`.
 */
export async function provideLibraries(dir: string, say: (text: string) => void): Promise<void> {
  const why = await makeLibraries();
  // A project may have them from elsewhere; one that has not says so itself.
  if (why !== undefined) return say(`funcatron:intf is not there: ${why}`);
  const local = await findLocalRepository(dir);
  const copied = await copyArtifacts(repository, local);
  if (copied.length > 0) say(`put into ${local}: ${copied.join(', ')}`);
}

/**
 * In a checkout they are brought up to date with their sources, if that is possible. Resolves with
 * why there are none.
 */
async function makeLibraries(): Promise<string | undefined> {
  const isThere = existsSync(repository);
  if (!existsSync(script))
    return isThere ? undefined : `install funcatron again, for ${repository}`;
  try {
    const options = { timeout: buildTimeoutMs };
    await promisify(execFile)(process.execPath, [script, 'libraries'], options);
  } catch (thrown) {
    const { stderr, message } = thrown as Error & { stderr?: string };
    if (!isThere) return stderr?.trim() || message;
  }
  return undefined;
}
