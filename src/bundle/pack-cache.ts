import { readFile } from 'node:fs/promises';
import { packFile } from './zip-writer.ts';
import type { BundleFile, PackedFile } from './zip-writer.ts';
import type { SourceFile } from './source-folder.ts';

/** A file changed this shortly ago may change again without its time showing it. */
const settledMs = 100;

/** Files as packed by the last build, so that the next one packs only what has changed. */
export class PackCache {
  #last = new Map<string, { stamp: string; packed: PackedFile }>();
  #next = new Map<string, { stamp: string; packed: PackedFile }>();

  async packSource(file: SourceFile): Promise<PackedFile> {
    const known = this.#recall(file.path, file.stamp);
    if (known) return known;
    const isSettled = Date.now() - file.changedAt > settledMs;
    const bytes = await readFile(file.absolute);
    const packed = packFile({ path: file.path, bytes, executable: file.executable });
    return this.#keep(isSettled ? file.stamp : '', packed);
  }

  /** `stamp` tells this content of the path from any other. */
  packMade(file: BundleFile, stamp: string): PackedFile {
    return this.#recall(file.path, stamp) ?? this.#keep(stamp, packFile(file));
  }

  /** Forgets what the build that ends now did not use. */
  turn(): void {
    this.#last = this.#next;
    this.#next = new Map();
  }

  #recall(path: string, stamp: string): PackedFile | undefined {
    const known = this.#last.get(path) ?? this.#next.get(path);
    if (known === undefined || known.stamp !== stamp) return undefined;
    this.#next.set(path, known);
    return known.packed;
  }

  #keep(stamp: string, packed: PackedFile): PackedFile {
    this.#next.set(packed.path, { stamp, packed });
    return packed;
  }
}
