/** The Java to use: FUNCATRON_JAVA (a program, by path or name on PATH, or a JDK's folder), else java. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { FuncatronError } from '../errors.ts';

const oldest = 17;
const probeTimeoutMs = 20_000;

export interface Java {
  /** What was asked for. */
  named: string;
  /** What it really is, shims of version managers resolved: those cost 100 ms a start. */
  path: string;
  major: number;
  /** Another one for every build of Java. */
  id: string;
}

/** Rejects with `dependency_missing` when there is no such program or it is too old. */
export async function findJava(named: string): Promise<Java> {
  const program = (await isFolder(named)) ? join(named, 'bin', 'java') : named;
  const { path, release } = await locate(program);
  const major = majorOf(/^(?:JAVA_VERSION="?|.*\bjava\.version = )([\d._]+)/m.exec(release)?.[1]);
  if (major < oldest) throw missing(`"${named}" is Java ${major}`);
  const id = createHash('sha256').update(`${path}\n${release}`).digest('hex').slice(0, 16);
  return { named, path, major, id };
}

/** The program itself, and the text that says which Java it is. */
async function locate(program: string): Promise<{ path: string; release: string }> {
  const found = await search(program);
  // `<home>/bin/java` has `<home>/release` beside it: no process is needed to know which one it is.
  const release = found && (await read(join(dirname(dirname(found)), 'release')));
  if (found && release && /^JAVA_VERSION=/m.test(release)) return { path: found, release };
  const asked = await promisify(execFile)(program, ['-XshowSettings:properties', '-version'], {
    timeout: probeTimeoutMs,
  }).catch((cause: NodeJS.ErrnoException) => {
    const how =
      cause.code === 'ENOENT' ? 'there is no such program' : `it fails: ${cause.message.trim()}`;
    throw missing(`running "${program}" is not possible, ${how}`, cause);
  });
  const home = /\bjava\.home = (.+)$/m.exec(asked.stderr)?.[1];
  const path = home && (await search(join(home, 'bin', 'java')));
  return { path: path || program, release: asked.stderr };
}

async function search(program: string): Promise<string | undefined> {
  const folders = program.includes('/') ? [''] : (process.env['PATH'] ?? '').split(delimiter);
  for (const folder of folders) {
    const path = folder === '' ? program : join(folder, program);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() && (found.mode & 0o111) !== 0) return realpath(path);
  }
  return undefined;
}

/** `1.8.0_292` is 8, `17.0.15` is 17. */
function majorOf(version = ''): number {
  const [first = 0, second = 0] = version.split(/[._]/).map(Number);
  return first === 1 ? second : first;
}

const isFolder = (path: string): Promise<boolean> =>
  path.includes('/')
    ? stat(path).then(
        (found) => found.isDirectory(),
        () => false,
      )
    : Promise.resolve(false);

const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');

const missing = (what: string, cause?: unknown): FuncatronError =>
  new FuncatronError(
    'dependency_missing',
    `JVM bundles need Java ${oldest} or newer, and ${what}; install it ` +
      '(Debian: apt-get install default-jre-headless) or set FUNCATRON_JAVA to a java program',
    { cause },
  );
