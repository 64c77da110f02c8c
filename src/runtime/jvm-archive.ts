/**
 * An archive of the worker's classes, loaded and verified (AppCDS): it halves the start of a JVM. It
 * is made once for each build of Java and of the worker, in the background after a first start, and
 * kept in a folder that only its user can write. That there is none is never a reason to fail.
 */
import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir, setPriority } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { spawnProgram } from '../watchdog/direct.ts';
import { cleanEnv } from '../watchdog/environment.ts';
import { killProgram } from '../watchdog/program.ts';
import { trainCommand } from './jvm-flags.ts';
import type { Java } from './jvm-java.ts';

/** The first calls shall not wait for the archive's making. */
const delayMs = 2_000;
const makeTimeoutMs = 120_000;
/** Archives of other builds that are kept beside. */
const keptMax = 4;
const low = 10;
const names = /^[0-9a-f]{16}\.jsa$/;

export class JvmArchive {
  /** What was tried in this process: once is enough. */
  readonly #tried = new Set<string>();

  /** The archive for this Java and this jar, if it is there. */
  async find(java: Java, jar: string): Promise<string | undefined> {
    const path = await archivePath(java, jar);
    if (!path) return undefined;
    const now = new Date();
    return utimes(path, now, now).then(
      () => path,
      () => undefined,
    );
  }

  /** Makes the archive, if it is not there, soon and in the background. */
  makeSoon(java: Java, jar: string): void {
    const key = `${java.id} ${jar}`;
    if (this.#tried.has(key)) return;
    this.#tried.add(key);
    setTimeout(() => void this.make(java, jar, false).catch(() => undefined), delayMs).unref();
  }

  /**
   * Makes the archive, if it is not there; resolves with its path, or with nothing. `isHeld`: whether
   * this process is to live on for it, though it has nothing else to do.
   */
  async make(java: Java, jar: string, isHeld = true): Promise<string | undefined> {
    const path = await archivePath(java, jar);
    if (!path || (await this.find(java, jar))) return path;
    const draft = `${path}.${process.pid}`;
    const command = trainCommand(java, jar, draft);
    const program = spawnProgram({ command, env: cleanEnv() });
    program.hold?.(isHeld);
    program.stdout.resume();
    program.stderr.resume();
    const timer = setTimeout(() => killProgram(program), makeTimeoutMs).unref();
    try {
      if (program.pid > 0) setPriority(program.pid, low);
    } catch {
      // It ended already.
    }
    const { code } = await program.exited;
    clearTimeout(timer);
    if (code === 0) await rename(draft, path);
    else await rm(draft, { force: true });
    await dropOld(dirname(path));
    return code === 0 ? path : undefined;
  }
}

async function archivePath(java: Java, jar: string): Promise<string | undefined> {
  const dir = await cacheDir();
  const found = dir && (await stat(jar).catch(() => undefined));
  if (!found) return undefined;
  const what = `${java.id} ${jar} ${found.size} ${found.mtimeMs}`;
  const digest = createHash('sha256').update(what).digest('hex').slice(0, 16);
  return join(dir, `${digest}.jsa`);
}

/** A folder of this user's alone; undefined where there can be none. */
async function cacheDir(): Promise<string | undefined> {
  const given = process.env['XDG_CACHE_HOME'];
  const caches = given && isAbsolute(given) ? given : join(homedir(), '.cache');
  const ours = join(caches, 'funcatron');
  const dir = join(ours, 'jvm');
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    // The classes in it run in every JVM: nobody else may put any there, nor another folder.
    const isSafe = (await isOurs(ours, 0o022)) && (await isOurs(dir, 0o077));
    return isSafe ? dir : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it is a folder of this user's, on which others have none of the rights in `mask`. */
async function isOurs(path: string, mask: number): Promise<boolean> {
  const found = await lstat(path);
  return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & mask) === 0;
}

/** Removes archives of builds that have not been used for longest, and what makers left. */
async function dropOld(dir: string): Promise<void> {
  const entries = await Promise.all(
    (await readdir(dir)).map(async (name) => {
      const path = join(dir, name);
      const usedAt = await stat(path).then(
        (found) => found.mtimeMs,
        () => Date.now(),
      );
      return { name, path, usedAt };
    }),
  );
  const archives = entries.filter(({ name }) => names.test(name));
  const kept = archives.toSorted((a, b) => b.usedAt - a.usedAt).slice(0, keptMax);
  const isStale = (name: string, usedAt: number): boolean =>
    /^[0-9a-f]{16}\.jsa\.\d+$/.test(name) && Date.now() - usedAt > 2 * makeTimeoutMs;
  for (const entry of entries)
    if ((names.test(entry.name) && !kept.includes(entry)) || isStale(entry.name, entry.usedAt))
      await rm(entry.path, { force: true });
}
