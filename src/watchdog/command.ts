/** Finds the program a command names, and says what to do where it cannot be run. */
import { access, chmod, constants, open, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';

export interface FoundCommand {
  /** Path of the executable. */
  file: string;
  /** The command as it was given. */
  argv: readonly string[];
}

export interface CommandPlaces {
  /** The bundle's folder: what a relative path is relative to, and searched before `path`. */
  dir: string;
  /** Folders with colons between them, as in the variable PATH. */
  path: string;
}

/**
 * The executable of `command`, whose first word is a path or the name of a file in the bundle or
 * on PATH; or `mend`, what would make it runnable. A file of the bundle that lost its executable
 * bit, as zip files made on Windows do, gets it back. The interpreter of a script is checked too.
 */
export async function findCommand(
  command: readonly string[],
  places: CommandPlaces,
): Promise<FoundCommand | { mend: string }> {
  const [name] = command;
  if (!name) return { mend: 'name a program: x-funcatron.process is empty' };
  for (const { file, bundled } of candidates(name, places)) {
    if (!(await isFile(file))) continue;
    const executable =
      (await isExecutable(file)) || (bundled && (await makeExecutable(file, places.dir)));
    if (!executable && !bundled) continue;
    const mend = executable
      ? await checkInterpreter(file, places)
      : `make ${file} executable: chmod +x`;
    return mend === undefined ? { file, argv: command } : { mend };
  }
  return { mend: notFound(name, places) };
}

function candidates(
  name: string,
  { dir, path }: CommandPlaces,
): { file: string; bundled: boolean }[] {
  if (isAbsolute(name)) return [{ file: name, bundled: name.startsWith(dir + sep) }];
  const bundled = { file: join(dir, name), bundled: true };
  if (name.includes('/')) return [bundled];
  const folders = path.split(':').filter((folder) => folder !== '');
  return [bundled, ...folders.map((folder) => ({ file: join(folder, name), bundled: false }))];
}

function notFound(name: string, { path }: CommandPlaces): string {
  if (isAbsolute(name)) return `${name} is not there: install it, or correct x-funcatron.process`;
  if (name.includes('/'))
    return `the bundle has no file ${name}: add it, or correct x-funcatron.process`;
  return (
    `"${name}" is neither a file of the bundle nor a program on PATH (${path || 'which is empty'}): ` +
    'install it, add it to the bundle, or correct x-funcatron.process'
  );
}

/** What is wrong with the first line of a script (`#!`, execve(2)), if anything. */
async function checkInterpreter(file: string, places: CommandPlaces): Promise<string | undefined> {
  const line = await readShebang(file);
  if (line === undefined) return undefined;
  if (line.endsWith('\r'))
    return `the first line of ${file} ends with CR LF, which Linux takes for part of the interpreter's name: save it with LF line ends`;
  const [interpreter = '', argument] = line.slice(2).trim().split(/\s+/);
  const missing = `the first line of ${file} asks for`;
  if (!(await isExecutable(interpreter)))
    return `${missing} ${interpreter}, which is not there: install it, or correct that line`;
  if (!interpreter.endsWith('/env') || !argument || /^-|=/.test(argument)) return undefined;
  const folders = places.path.split(':').filter((folder) => folder !== '');
  for (const folder of folders) if (await isExecutable(join(folder, argument))) return undefined;
  return `${missing} ${argument}, which is not on PATH (${places.path}): install it, or correct that line`;
}

async function readShebang(file: string): Promise<string | undefined> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (!handle) return undefined;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(256), 0, 256, 0);
    const text = buffer.toString('latin1', 0, bytesRead);
    return text.startsWith('#!') ? text.split('\n', 1)[0] : undefined;
  } finally {
    await handle.close();
  }
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Gives a file whoever may read it the right to run it; never one outside `dir`, by a link. */
async function makeExecutable(file: string, dir: string): Promise<boolean> {
  try {
    const real = await realpath(file);
    if (!real.startsWith((await realpath(dir)) + sep)) return false;
    const { mode } = await stat(real);
    await chmod(real, (mode & 0o777) | ((mode & 0o444) >> 2));
    return await isExecutable(real);
  } catch {
    return false;
  }
}
