/** What a Python bundle carries beside its own files: the packages of `requirements.txt`. */
import { existsSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { createIgnore } from './ignore.ts';
import type { BundleLimits } from './limit.ts';
import { withVendored } from './pip.ts';
import type { PipOptions } from './pip.ts';
import { readRequirements } from './requirement.ts';
import { listFolder } from './source-folder.ts';
import { packFile } from './zip-writer.ts';
import type { PackedFile } from './zip-writer.ts';

/** Where a worker looks for modules after the bundle's root. */
const vendorFolder = 'vendor';

export interface Vendored {
  packed: PackedFile[];
  inputs: string[];
  warnings: string[];
}

const nothing: Vendored = { packed: [], inputs: [], warnings: [] };

/** Vendors one folder's requirements; does so again only when they change. */
export class Vendor {
  readonly #dir: string;
  readonly #options: PipOptions;
  readonly #limits: BundleLimits;
  #last: { digest: string; vendored: Vendored } | undefined;

  constructor(dir: string, options: PipOptions, limits: BundleLimits) {
    this.#dir = dir;
    this.#options = options;
    this.#limits = limits;
  }

  /** The packages of `requirements.txt`, if there is one. Throws `build_failed`. */
  async pack(): Promise<Vendored> {
    const path = join(this.#dir, 'requirements.txt');
    if (!existsSync(path)) return nothing;
    const requirements = await readRequirements(path);
    const inputs = requirements.files;
    if (requirements.isEmpty) return { ...nothing, inputs };
    const { digest, isLocal, unpinned } = requirements;
    if (this.#last?.digest === digest && !isLocal) return this.#last.vendored;
    const packed = await withVendored(this.#dir, requirements, this.#options, (folder) =>
      packFolder(folder, this.#limits),
    );
    const warnings = [...warnOfVersions(unpinned), ...warnOfCompiled(packed)];
    const vendored = { packed, inputs, warnings };
    this.#last = { digest, vendored };
    return vendored;
  }
}

async function packFolder(folder: string, limits: BundleLimits): Promise<PackedFile[]> {
  const packed: PackedFile[] = [];
  for (const file of await listFolder(await realpath(folder), createIgnore([]), limits)) {
    const bytes = await readFile(file.absolute);
    const path = `${vendorFolder}/${file.path}`;
    packed.push(packFile({ path, bytes, executable: file.executable }));
  }
  return packed;
}

function warnOfVersions(unpinned: string[]): string[] {
  if (unpinned.length === 0) return [];
  const names = unpinned.join(', ');
  return [`requirements.txt fixes no version of ${names}: another day may build another bundle`];
}

function warnOfCompiled(packed: PackedFile[]): string[] {
  const compiled = packed.filter(({ path }) => /\.(so|pyd|dylib)$/.test(path));
  if (compiled.length === 0) return [];
  const machine = `${process.platform}-${process.arch}`;
  return [`${compiled[0]!.path} is compiled code: the bundle runs on ${machine} only`];
}
