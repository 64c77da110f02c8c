/**
 * Unpacks bundles into `<dir>/<sha>`. A folder of that name is always whole: entries go into a
 * draft folder, which is renamed when it is done. Whoever comes second throws its draft away, and
 * drafts of processes that were killed are removed by the next unpacker.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { FuncatronError } from '../errors.ts';
import { noLimits } from './limit.ts';
import { withArchive } from './read.ts';
import type { ZipArchive } from './zip-archive.ts';
import { isExecutable } from './zip-directory.ts';
import type { ZipEntry } from './zip-directory.ts';

/** The entries of a bundle that are wanted, and what tells their folder from that of all. */
interface BundlePart {
  suffix: string;
  takes(path: string): boolean;
}

const whole: BundlePart = { suffix: '', takes: () => true };

/** Entries written at the same time. */
const writersMax = 8;
/** A draft of another machine, whose processes we cannot see, is stale after this. */
const draftAgeMaxMs = 3_600_000;

/**
 * Unpacks a bundle that `readBundle` has read before and returns its folder, at once when it is
 * there. Limits were that reading's; what an entry says of itself is verified again. Executable
 * files stay executable. `sha`, where the caller knows it, spares hashing when the folder is there; a
 * file that turns out to be another bundle throws `bundle_invalid`. With `part` only the entries that
 * takes, in a folder whose name ends with its suffix.
 */
export async function unpackBundle(
  path: string,
  dir: string,
  sha?: string,
  part: BundlePart = whole,
): Promise<string> {
  const folderOf = (name: string): string => join(dir, `${name}${part.suffix}`);
  if (sha !== undefined && (await isFolder(folderOf(sha)))) return folderOf(sha);
  return withArchive(path, noLimits, async (archive) => {
    const found = await archive.sha();
    if (sha !== undefined && sha !== found)
      throw new FuncatronError(
        'bundle_invalid',
        `${path} is bundle ${found}, not ${sha}: the file was damaged; fetch it again`,
      );
    const target = folderOf(found);
    const entries = archive.entries.filter((entry) => part.takes(entry.path));
    if (!(await isFolder(target))) await unpackInto(archive, entries, dir, target);
    return target;
  });
}

/** Removes what was unpacked of a bundle into `dir`, whole or in part. */
export async function removeUnpacked(dir: string, sha: string): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  for (const name of names)
    if (name === sha || name.startsWith(`${sha}.`))
      await rm(join(dir, name), { recursive: true, force: true });
}

async function unpackInto(
  archive: ZipArchive,
  entries: readonly ZipEntry[],
  dir: string,
  target: string,
): Promise<void> {
  const draft = join(dir, draftName());
  try {
    await mkdir(dir, { recursive: true });
    await removeStaleDrafts(dir);
    await writeEntries(archive, entries, draft);
    await rename(draft, target);
  } catch (thrown) {
    await rm(draft, { recursive: true, force: true }).catch(() => {});
    // Somebody else was quicker, with the same content under the same name.
    if (isTaken(thrown) && (await isFolder(target))) return;
    throw asFault(thrown, dir);
  }
}

async function writeEntries(
  archive: ZipArchive,
  entries: readonly ZipEntry[],
  draft: string,
): Promise<void> {
  const folders = new Set([draft]);
  for (const { path } of entries) folders.add(dirname(join(draft, `${path}.`)));
  for (const folder of folders) await mkdir(folder, { recursive: true });
  // One generator for all writers: when one of them throws, it ends for the others too.
  const rest = filesOf(entries);
  const writers = Array.from({ length: writersMax }, async () => {
    for (const entry of rest) await writeEntry(archive, entry, draft);
  });
  const ended = await Promise.allSettled(writers);
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
}

function* filesOf(entries: readonly ZipEntry[]): Generator<ZipEntry> {
  for (const entry of entries) if (!entry.path.endsWith('/')) yield entry;
}

async function writeEntry(archive: ZipArchive, entry: ZipEntry, draft: string): Promise<void> {
  // Exclusive: an entry never writes over what another one wrote.
  const mode = isExecutable(entry) ? 0o755 : 0o644;
  const file = await open(join(draft, entry.path), 'wx', mode);
  try {
    for await (const chunk of archive.read(entry)) await file.writeFile(chunk);
  } finally {
    await file.close();
  }
}

/**
 * A name for a folder among the bundles' that is there for a while. It names the process that owns
 * it, so that the next unpacker can tell whether that is still alive, and removes it if not.
 */
export function draftName(): string {
  return `.draft-${process.pid}-${randomUUID().slice(0, 8)}-${hostname()}`;
}

async function removeStaleDrafts(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    const match = /^\.draft-(\d+)-[0-9a-f]+-(.*)$/.exec(name);
    if (!match) continue;
    const isOurs = match[2] === hostname();
    if (isOurs ? isAlive(Number(match[1])) : !(await isOld(join(dir, name)))) continue;
    await rm(join(dir, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function isOld(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > draftAgeMaxMs;
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}

function isTaken(thrown: unknown): boolean {
  const { code } = thrown as NodeJS.ErrnoException;
  return code === 'ENOTEMPTY' || code === 'EEXIST';
}

function asFault(thrown: unknown, dir: string): FuncatronError {
  if (thrown instanceof FuncatronError) return thrown;
  const detail = `cannot unpack into ${dir}: ${(thrown as Error).message}`;
  return new FuncatronError('bundle_unavailable', detail, { cause: thrown });
}
