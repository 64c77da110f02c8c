/** Keeps a folder of copies from growing for ever. */
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

/** Whoever was just told of a copy may not have opened it yet. */
const youngMs = 600_000;

/** Notes that a copy is used: those that were not used for longest go first. */
export async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now);
}

/** Removes copies until they are at most `bytesMax`, but none used within the last ten minutes. */
export async function keepWithin(folder: string, bytesMax: number): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  const copies: { path: string; size: number; mtimeMs: number }[] = [];
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(folder, entry.name);
    const found = await stat(path).catch(() => undefined);
    if (found) copies.push({ path, size: found.size, mtimeMs: found.mtimeMs });
  }
  let bytes = copies.reduce((sum, { size }) => sum + size, 0);
  for (const { path, size, mtimeMs } of copies.toSorted((a, b) => a.mtimeMs - b.mtimeMs)) {
    if (bytes <= bytesMax || mtimeMs > Date.now() - youngMs) return;
    await rm(path, { force: true });
    bytes -= size;
  }
}
