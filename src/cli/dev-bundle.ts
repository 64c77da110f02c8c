/**
 * A folder kept enabled as it is saved. A change is seen when a request comes (the files the bundle
 * was made of are looked at) or by the watcher, whichever is first; the request waits for the build
 * and is served by the new code. A build that fails leaves the last good one serving.
 */
import type { BuiltBundle } from '../bundle/build.ts';
import { toFault } from '../errors.ts';
import type { FuncatronError } from '../errors.ts';
import type { FileWatch } from './file-watch.ts';

export interface DevBundleParts {
  files: FileWatch;
  build: () => Promise<BuiltBundle>;
  /** Has the next request meet what was built; resolves to false when that serves already. */
  enable: (built: BuiltBundle) => Promise<boolean>;
  onReady: (built: BuiltBundle, ms: number) => Promise<void>;
  onFailed: (fault: FuncatronError) => void;
}

/** Rounds of one build in which files change while they are read, at most. */
const roundsMax = 4;

export class DevBundle {
  readonly #parts: DevBundleParts;
  #building: Promise<void> | undefined;
  #touched = true;
  /** Why the newest state of the folder does not serve. */
  fault: FuncatronError | undefined;

  constructor(parts: DevBundleParts) {
    this.#parts = parts;
  }

  /** What a request has to wait for: a build that is under way or due; usually nothing. */
  beforeCall(): Promise<void> | undefined {
    if (this.#building) return this.#building;
    return this.#isDue ? this.refresh() : undefined;
  }

  /** A file came, went or changed; a request may have had it built already. */
  touch(path: string): void {
    if (!this.#parts.files.isNews(path)) return;
    this.#touched = true;
    void this.beforeCall();
  }

  /** Has it built and enabled again, though no file has changed. */
  async renew(): Promise<void> {
    this.#touched = true;
    await this.beforeCall();
  }

  /** Builds and enables what is in the folder now. Never rejects: see `fault`. */
  refresh(): Promise<void> {
    this.#building ??= this.#run().finally(() => (this.#building = undefined));
    return this.#building;
  }

  get #isDue(): boolean {
    return this.#touched || this.#parts.files.isStale;
  }

  async #run(): Promise<void> {
    const begunAt = performance.now();
    for (let round = 1; ; round++) {
      this.#touched = false;
      await this.#parts.files.note();
      const outcome = await this.#build();
      // What was saved while it was read may have been read half.
      if (this.#parts.files.isStale && round < roundsMax) continue;
      await this.#settle(outcome, begunAt);
      if (!this.#isDue || round >= roundsMax) return;
    }
  }

  async #build(): Promise<BuiltBundle | FuncatronError> {
    const { build, files } = this.#parts;
    try {
      const built = await build();
      files.follow(built.inputs);
      return built;
    } catch (thrown) {
      files.followAll();
      return toFault(thrown);
    }
  }

  async #settle(outcome: BuiltBundle | FuncatronError, begunAt: number): Promise<void> {
    const { enable, onReady, onFailed } = this.#parts;
    try {
      if (outcome instanceof Error) throw outcome;
      const isNew = await enable(outcome);
      const isMended = this.fault !== undefined;
      this.fault = undefined;
      if (isNew || isMended) await onReady(outcome, performance.now() - begunAt);
    } catch (thrown) {
      const fault = toFault(thrown);
      const isSaid = this.fault !== undefined && sameText(this.fault, fault);
      this.fault = fault;
      if (!isSaid) onFailed(fault);
    }
  }
}

/** The watcher may notice a save that a request has already had built. */
function sameText(a: FuncatronError, b: FuncatronError): boolean {
  return JSON.stringify(a.toProblem()) === JSON.stringify(b.toProblem());
}
