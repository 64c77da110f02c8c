/**
 * From a project folder to a bundle. The contract goes in byte for byte; what else goes in is the
 * runtime's: for node one module that esbuild makes of the handler and its imports, for python the
 * sources and what pip vendors, for process and http the files as they are. For jvm the project's own
 * build tool makes the bundle.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FuncatronError } from '../errors.ts';
import { assertPrograms } from './handler.ts';
import { shaOf } from './identity.ts';
import { ignoreFile } from './ignore.ts';
import { isJvmFolder } from './jvm-contract.ts';
import { assertLimit, fillLimits } from './limit.ts';
import type { BundleLimits } from './limit.ts';
import type { NodeBuilder } from './node-build.ts';
import { PackCache } from './pack-cache.ts';
import { fillPipOptions } from './pip.ts';
import type { PipOptions } from './pip.ts';
import { readProject } from './project.ts';
import type { Project } from './project.ts';
import type { Vendor } from './python-build.ts';
import type { ContractFile } from './read.ts';
import { takeReady } from './ready.ts';
import type { DescribeJar } from './ready.ts';
import { writeZip } from './zip-writer.ts';
import type { PackedFile } from './zip-writer.ts';

export interface BuildOptions {
  /** False: a node handler goes in as it is, with no bundler. Default: true. */
  bundle?: boolean;
  /** Used for a contract that refers to other files with `$ref`. */
  bundleDocument?: BundleDocument;
  /** Used for a ready-made JAR that has no contract: its code may give one. */
  describe?: DescribeJar;
  limits?: Partial<BundleLimits>;
  pip?: Partial<PipOptions>;
  /** Takes a line about what had to be done beside the build. */
  say?: (text: string) => void;
}

/** Makes one document of a contract and the files it refers to, whose absolute paths it returns. */
export type BundleDocument = (path: string) => Promise<{ text: string; files: string[] }>;

export interface BuiltBundle {
  bytes: Uint8Array;
  /** Hex SHA-256. */
  sha: string;
  warnings: string[];
  /** Absolute paths of the files the bundle was made of: when one changes, build again. */
  inputs: string[];
  /** Paths in the bundle. */
  files: string[];
  /** What a node handler exports, where that shows without running it. */
  exports: string[] | undefined;
  /** Of a bundle that was ready-made. */
  contract?: ContractFile;
  /** The JAR that a folder's own build tool made: the bundle, or the bundle but for its contract. */
  jar?: string;
}

/** Builds one folder again and again, and does over only what has changed. */
export interface Builder {
  /** Patterns of what is no input of its builds, where these write into the folder themselves. */
  readonly ignored?: readonly string[];
  /** Takes seconds: what can be known without a build is better told before it. */
  readonly isSlow?: boolean;
  build(): Promise<BuiltBundle>;
  close(): Promise<void>;
}

/**
 * Builds a folder once. A ready-made zip, JAR or PEX is read and taken as it is; only a JAR without
 * a contract gets that of its code. Throws
 * `build_failed`, or a `contract_`, `bundle_` or `runtime_` error.
 */
export async function buildBundle(path: string, options: BuildOptions = {}): Promise<BuiltBundle> {
  const builder = await createBuilder(path, options);
  try {
    return await builder.build();
  } finally {
    await builder.close();
  }
}

/** A builder of a folder or a ready-made bundle; close it in the end. Throws as its builds do. */
export async function createBuilder(path: string, options: BuildOptions = {}): Promise<Builder> {
  const found = await stat(path).catch((cause) => {
    const detail = `cannot build ${path}: ${(cause as Error).message}`;
    throw new FuncatronError('build_failed', detail, { cause });
  });
  if (found.isDirectory()) return openFolder(path, options);
  return { build: () => buildReady(path, options), close: async () => {} };
}

async function openFolder(path: string, options: BuildOptions): Promise<Builder> {
  if (!(await isJvmFolder(path))) return new FolderBuilder(path, options);
  const { JvmBuilder } = await import('./jvm-build.ts');
  return new JvmBuilder(path, options);
}

async function buildReady(path: string, options: BuildOptions): Promise<BuiltBundle> {
  const made = await takeReady(path, fillLimits(options.limits), options.describe);
  return { ...made, warnings: [], inputs: [path], exports: undefined };
}

/** What goes into a bundle, and what it was made of. */
interface Parts {
  packed: PackedFile[];
  inputs: string[];
  warnings: string[];
  exports?: string[] | undefined;
}

class FolderBuilder implements Builder {
  readonly #folder: string;
  readonly #options: BuildOptions;
  readonly #limits: BundleLimits;
  readonly #cache = new PackCache();
  #last: Project | undefined;
  #node: NodeBuilder | undefined;
  #vendor: Vendor | undefined;

  constructor(folder: string, options: BuildOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#limits = fillLimits(options.limits);
  }

  async build(): Promise<BuiltBundle> {
    const { bundle = true } = this.#options;
    const project = await readProject(this.#folder, { bundle, limits: this.#limits }, this.#last);
    this.#last = project;
    const parts = [await this.#packContract(project), await this.#packCode(project)];
    const packed = parts.flatMap((part) => part.packed);
    for (const file of packed) {
      assertLimit('entryBytesMax', file.bytes, this.#limits, file.path);
      assertLimit('pathBytesMax', Buffer.byteLength(file.path), this.#limits, file.path);
    }
    const bytes = writeZip(packed);
    assertLimit('fileBytesMax', bytes.length, this.#limits);
    this.#cache.turn();
    return {
      bytes,
      sha: shaOf(bytes),
      warnings: parts.flatMap((part) => part.warnings),
      inputs: [
        ...new Set([...parts.flatMap((part) => part.inputs), join(project.dir, ignoreFile)]),
      ],
      files: packed.map((file) => file.path).toSorted(),
      exports: parts.find((part) => part.exports)?.exports,
    };
  }

  async close(): Promise<void> {
    await this.#node?.close();
    this.#node = undefined;
  }

  async #packContract({ dir, contract, settings, files }: Project): Promise<Parts> {
    const [source] = files;
    if (!settings.refersToFiles)
      return {
        packed: [await this.#cache.packSource(source!)],
        inputs: [source!.absolute],
        warnings: [],
      };
    const { bundleDocument } = this.#options;
    if (!bundleDocument)
      throw new FuncatronError(
        'build_failed',
        `${contract.file} refers to other files with $ref; make it one document`,
      );
    const made = await bundleDocument(join(dir, contract.file));
    const bytes = Buffer.from(made.text);
    const packed = this.#cache.packMade({ path: contract.file, bytes }, shaOf(bytes));
    return { packed: [packed], inputs: [source!.absolute, ...made.files], warnings: [] };
  }

  async #packCode(project: Project): Promise<Parts> {
    const { runtime, settings, files, bundled } = project;
    if (runtime === 'process' || runtime === 'http') assertPrograms(settings.programs, files);
    if (bundled) return this.#packBundled(project, bundled);
    const own = await this.#packFiles(project);
    if (runtime !== 'python') return own;
    const { Vendor } = await import('./python-build.ts');
    const pip = fillPipOptions(this.#options.pip);
    this.#vendor ??= new Vendor(project.dir, pip, this.#limits);
    const vendored = await this.#vendor.pack();
    return {
      packed: [...own.packed, ...vendored.packed],
      inputs: [...own.inputs, ...vendored.inputs],
      warnings: vendored.warnings,
    };
  }

  async #packBundled(project: Project, handler: string): Promise<Parts> {
    const { configurationOf, NodeBuilder } = await import('./node-build.ts');
    if (this.#node?.handler !== handler) {
      await this.close();
      this.#node = await NodeBuilder.open(project.dir, handler);
    }
    const { files, exports, sources, warnings } = await this.#node!.build();
    const others = await this.#packFiles(project, new Set(sources));
    const made = new Set(files.map((file) => file.path));
    const clash = others.packed.find((file) => made.has(file.path));
    if (clash)
      throw new FuncatronError(
        'build_failed',
        `${clash.path} is what the build calls its result; rename it, or name it in ${ignoreFile}`,
      );
    return {
      packed: [...files.map((file) => this.#cache.packMade(file, file.stamp)), ...others.packed],
      inputs: [
        ...sources.map((path) => join(project.dir, path)),
        ...configurationOf(project.dir),
        ...others.inputs,
      ],
      warnings,
      exports,
    };
  }

  /** The folder's files, but the contract and what is left out. */
  async #packFiles({ files }: Project, left: ReadonlySet<string> = new Set()): Promise<Parts> {
    const kept = files.slice(1).filter((file) => !left.has(file.path));
    const packed: PackedFile[] = [];
    for (const file of kept) packed.push(await this.#cache.packSource(file));
    return { packed, inputs: kept.map((file) => file.absolute), warnings: [] };
  }
}
