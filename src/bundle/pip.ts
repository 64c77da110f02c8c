/** Vendors Python requirements with pip, once for the same requirements on the same Python. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { FuncatronError } from '../errors.ts';
import type { Requirements } from './requirement.ts';
import { howItEnded, runTool } from './tool-run.ts';

export interface PipOptions {
  /** The Python whose pip is used. Default: `python3`. */
  python: string;
  /** Where vendored requirements are kept for the next build. */
  cacheDir: string;
  timeoutMs: number;
}

/** The given options, defaults for the rest. */
export function fillPipOptions(given: Partial<PipOptions> = {}): PipOptions {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return {
    python: given.python ?? 'python3',
    cacheDir: given.cacheDir ?? join(cache, 'funcatron', 'pip'),
    timeoutMs: given.timeoutMs ?? 600_000,
  };
}

/** Vendored sets kept, at most. */
const keptMax = 20;
/** A draft this old belongs to a build that was killed. */
const draftAgeMaxMs = 3_600_000;
/** Of what pip prints, the end is where it says what is wrong. */
const lastLines = 15;

/** What pip leaves about the installation itself, with times, paths or hashes of dropped files. */
const traces = /^(RECORD|INSTALLER|REQUESTED|direct_url\.json)$/;

/** What a build compiles should not tell when it was compiled; `--user` rules out `--target`. */
const steadyEnv = { SOURCE_DATE_EPOCH: '315532800', PIP_USER: '0' };

/**
 * Calls `use` with a folder of the packages that `requirements.txt` in `dir` names. Throws
 * `build_failed` with pip's last lines.
 */
export async function withVendored<T>(
  dir: string,
  requirements: Requirements,
  options: PipOptions,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  if (!requirements.isLocal) return use(await findOrInstall(dir, requirements, options));
  const folder = await mkdtemp(join(tmpdir(), 'funcatron-pip-'));
  try {
    await install(dir, folder, options);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function findOrInstall(
  dir: string,
  requirements: Requirements,
  options: PipOptions,
): Promise<string> {
  const about = await describePython(options);
  const key = createHash('sha256').update(`${about}\n${requirements.digest}`).digest('hex');
  const folder = join(options.cacheDir, key.slice(0, 32));
  if (await isThere(folder)) {
    const now = new Date();
    await utimes(folder, now, now);
    return folder;
  }
  const draft = `${folder}.${randomUUID().slice(0, 8)}.part`;
  try {
    await mkdir(draft, { recursive: true });
    await install(dir, draft, options);
    await rename(draft, folder);
  } catch (thrown) {
    await rm(draft, { recursive: true, force: true });
    // Another build was quicker, with the same requirements.
    if (!(await isThere(folder))) throw thrown;
  }
  await forgetOldest(options.cacheDir);
  return folder;
}

async function install(dir: string, folder: string, options: PipOptions): Promise<void> {
  await runPython(dir, options, [
    '-m',
    'pip',
    'install',
    '--disable-pip-version-check',
    '--no-input',
    '--no-compile',
    '--no-warn-script-location',
    '--target',
    folder,
    '--requirement',
    'requirements.txt',
  ]);
  // Scripts begin with the path of this machine's Python.
  await rm(join(folder, 'bin'), { recursive: true, force: true });
  for (const item of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const isTrace = traces.test(item.name) && item.parentPath.endsWith('.dist-info');
    if (isTrace || item.name === '__pycache__')
      await rm(join(item.parentPath, item.name), { recursive: true, force: true });
  }
}

async function describePython(options: PipOptions): Promise<string> {
  const code = 'import sys, sysconfig; print(sys.version_info[:2], sysconfig.get_platform())';
  return runPython(tmpdir(), options, ['-c', code]);
}

/** Runs Python to its end and returns what it printed. */
async function runPython(cwd: string, options: PipOptions, args: string[]): Promise<string> {
  const { python, timeoutMs } = options;
  const env = { ...process.env, ...steadyEnv };
  const run = { program: python, args, cwd, env, timeoutMs };
  const result = await runTool(run).catch((cause: Error) => {
    const detail = `cannot run ${python}: ${cause.message}; install Python 3 and pip`;
    throw new FuncatronError('build_failed', detail, { cause });
  });
  if (result.code === 0) return result.output;
  throw pipFailed(result.output, howItEnded(result, timeoutMs));
}

function pipFailed(output: string, how: string): FuncatronError {
  const tail = output.trimEnd().split('\n').slice(-lastLines).join('\n');
  return new FuncatronError(
    'build_failed',
    `pip ${how} on requirements.txt; its last lines:\n${tail}`,
  );
}

async function forgetOldest(cacheDir: string): Promise<void> {
  const sets: { path: string; usedAt: number }[] = [];
  for (const name of await readdir(cacheDir)) {
    const path = join(cacheDir, name);
    const usedAt = (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
    if (!name.endsWith('.part')) sets.push({ path, usedAt });
    else if (Date.now() - usedAt > draftAgeMaxMs) await rm(path, { recursive: true, force: true });
  }
  const oldest = sets.toSorted((a, b) => b.usedAt - a.usedAt).slice(keptMax);
  for (const { path } of oldest) await rm(path, { recursive: true, force: true });
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
