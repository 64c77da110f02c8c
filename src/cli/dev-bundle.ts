/**
 * A folder kept enabled as it is saved. A change is seen when a request comes (the files the bundle
 * was made of are looked at) or by the watcher, whichever is first; the request waits for the build
 * and is served by the new code. A build that fails leaves the last good one serving.
 */
import { statSync } from 'node:fs';
import type { Builder, BuiltBundle } from '../bundle/build.ts';
import { toFault } from '../errors.ts';
import type { FuncatronError } from '../errors.ts';

export interface DevBundleParts {
  builder: Builder;
  /** Uploads and enables; resolves when the next request meets the new code. */
  enable: (built: BuiltBundle) => Promise<void>;
  /** The contract itself, watched though the first build failed. */
  first: string[];
  onReady: (built: BuiltBundle, ms: number) => void;
  onFailed: (fault: FuncatronError) => void;
}

export class DevBundle {
  readonly #parts: DevBundleParts;
  #stamps = new Map<string, number>();
  /** What is enabled. */
  #sha: string | undefined;
  #building: Promise<void> | undefined;
  #dirty = false;
  /** Why the newest state of the folder does not serve. */
  fault: FuncatronError | undefined;

  constructor(parts: DevBundleParts) {
    this.#parts = parts;
    this.#watch(parts.first);
  }

  /** What a request has to wait for: a build that is under way or due; usually nothing. */
  beforeCall(): Promise<void> | undefined {
    if (this.#building) return this.#building;
    return this.#dirty || this.#isStale() ? this.refresh() : undefined;
  }

  /** A file came, went or changed. */
  touch(): void {
    this.#dirty = true;
    void this.beforeCall();
  }

  /** Builds and enables what is in the folder now. Never rejects: see `fault`. */
  refresh(): Promise<void> {
    this.#building ??= this.#build().finally(() => (this.#building = undefined));
    return this.#building;
  }

  async #build(): Promise<void> {
    do {
      this.#dirty = false;
      const begunAt = performance.now();
      // Looked at before the build reads them: what is saved meanwhile is built once more.
      this.#watch([...this.#stamps.keys()]);
      try {
        const built = await this.#parts.builder.build();
        this.#watchNew(built.inputs);
        const isNew = built.sha !== this.#sha;
        if (isNew) await this.#parts.enable(built);
        const mended = this.fault !== undefined;
        this.#sha = built.sha;
        this.fault = undefined;
        if (isNew || mended) this.#parts.onReady(built, performance.now() - begunAt);
      } catch (thrown) {
        this.fault = toFault(thrown);
        this.#parts.onFailed(this.fault);
      }
    } while (this.#dirty || this.#isStale());
  }

  #watch(files: string[]): void {
    this.#stamps = new Map(files.map((file) => [file, stampOf(file)]));
  }

  /** Installed packages are not looked at: there may be thousands, and nobody edits them. */
  #watchNew(files: string[]): void {
    const own = files.filter((file) => !/[\\/](node_modules|vendor)[\\/]/.test(file));
    this.#stamps = new Map(own.map((file) => [file, this.#stamps.get(file) ?? stampOf(file)]));
  }

  #isStale(): boolean {
    for (const [file, stamp] of this.#stamps) if (stampOf(file) !== stamp) return true;
    return false;
  }
}

/** Time of the last change in milliseconds since 1970; -1 when there is no such file. */
function stampOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? -1;
}
