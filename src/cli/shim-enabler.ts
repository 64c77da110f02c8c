/**
 * What the connected dev shim brings, kept enabled: the newest Swagger it sent, with the props as
 * they are now; nothing once it is gone. One that is no contract leaves the last good one serving.
 */
import type { BuiltBundle } from '../bundle/build.ts';
import { toFault } from '../errors.ts';
import type { FuncatronError } from '../errors.ts';
import type { FileWatch } from './file-watch.ts';

export interface EnablerParts {
  /** What else decides what serves: props and overlay. */
  files: FileWatch;
  /** False when that serves already. */
  enable: (built: BuiltBundle) => Promise<boolean>;
  disable: () => Promise<void>;
  onReady: (built: BuiltBundle, ms: number) => Promise<void>;
  onFailed: (fault: FuncatronError) => void;
}

/** What a shim wants enabled. */
export interface Wanted {
  build: () => Promise<BuiltBundle>;
  /** Tells the shim why not. */
  refuse: (fault: FuncatronError) => void;
}

export class ShimEnabler {
  readonly #parts: EnablerParts;
  #wanted: Wanted | undefined;
  #isDue = false;
  #settling: Promise<void> | undefined;
  /** Why what was sent last does not serve. */
  fault: FuncatronError | undefined;

  constructor(parts: EnablerParts) {
    this.#parts = parts;
  }

  /** What a request has to wait for; usually nothing. */
  beforeCall(): Promise<void> | undefined {
    if (this.#settling) return this.#settling;
    return this.#wanted && this.#parts.files.isStale ? this.#settle() : undefined;
  }

  /** Has this enabled, and nothing else; undefined: nothing. Never rejects: see `fault`. */
  want(wanted: Wanted | undefined): Promise<void> {
    this.#wanted = wanted;
    this.#isDue = true;
    return this.#settle();
  }

  #settle(): Promise<void> {
    this.#settling ??= this.#run().finally(() => (this.#settling = undefined));
    return this.#settling;
  }

  /** What is wanted may change while it is being enabled: then the newest is enabled after it. */
  async #run(): Promise<void> {
    do {
      this.#isDue = false;
      await this.#parts.files.note();
      await this.#apply(this.#wanted);
    } while (this.#isDue);
  }

  async #apply(wanted: Wanted | undefined): Promise<void> {
    const { enable, disable, onReady, onFailed } = this.#parts;
    const begunAt = performance.now();
    try {
      if (!wanted) {
        this.fault = undefined;
        return await disable();
      }
      const built = await wanted.build();
      const isNew = await enable(built);
      const isMended = this.fault !== undefined;
      this.fault = undefined;
      if (isNew || isMended) await onReady(built, performance.now() - begunAt);
    } catch (thrown) {
      this.fault = wanted && toFault(thrown);
      wanted?.refuse(toFault(thrown));
      onFailed(toFault(thrown));
    }
  }
}
