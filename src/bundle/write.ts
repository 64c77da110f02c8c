import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { FuncatronError } from '../errors.ts';
import { shaOf } from './identity.ts';
import { packFile, writeZip } from './zip-writer.ts';
import type { BundleFile } from './zip-writer.ts';

/**
 * Makes a bundle of files: the same files give the same bytes, and so the same SHA, everywhere.
 * With `out` it is also written there, whole or not at all. Throws `bundle_invalid` for a bad path.
 */
export async function writeBundle(
  files: Iterable<BundleFile>,
  out?: string,
): Promise<{ bytes: Uint8Array; sha: string }> {
  const bytes = writeZip(Array.from(files, packFile));
  if (out !== undefined) await writeWhole(out, bytes);
  return { bytes, sha: shaOf(bytes) };
}

/** Writes a file under another name first, so that nobody sees half of it. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const draft = `${path}.${randomUUID().slice(0, 8)}.part`;
  try {
    await writeFile(draft, bytes, { flush: true });
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true });
    const detail = `cannot write ${path}: ${(cause as Error).message}`;
    throw new FuncatronError('build_failed', detail, { cause });
  }
}
