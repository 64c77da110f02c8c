/** Starts workers of one bundle: takes one that waits, and has it load the bundle. */
import { FuncatronError } from '../errors.ts';
import { blotFault } from '../secret.ts';
import type { Assignment, FuncLog, Worker, WorkerExit } from '../runtime/runtime.ts';
import { Slot } from './slot.ts';
import type { WarmWorkers } from './warm.ts';

export interface StarterOptions {
  kind: string;
  assignment: Assignment;
  warm: WarmWorkers;
  /** What of the props is secret, and shows in no error. */
  secrets: readonly string[];
  onLog: (line: FuncLog) => void;
}

export class Starter {
  readonly #options: StarterOptions;
  readonly #onExit: (slot: Slot, exit: WorkerExit) => void;
  /** Workers that load the bundle. */
  readonly #loading = new Set<Worker>();
  #killed = false;
  /** Starts under way. */
  count = 0;

  /** `onExit` is told of a worker's end once its start had succeeded. */
  constructor(options: StarterOptions, onExit: (slot: Slot, exit: WorkerExit) => void) {
    this.#options = options;
    this.#onExit = onExit;
  }

  /** Rejects with why the bundle cannot be loaded, or with `runner_lost` after `kill`. */
  async start(): Promise<Slot> {
    const { warm, kind, onLog } = this.#options;
    this.count++;
    let slot: Slot | undefined;
    try {
      const worker = await warm.take(kind, {
        onLog,
        onExit: (exit) => slot && this.#onExit(slot, exit),
      });
      return (slot = await this.#load(worker));
    } finally {
      this.count--;
    }
  }

  /** Ends what is being started. */
  kill(): void {
    this.#killed = true;
    for (const worker of this.#loading) worker.kill();
  }

  async #load(worker: Worker): Promise<Slot> {
    this.#loading.add(worker);
    try {
      if (this.#killed) throw lost();
      const assigned = await worker.assign(this.#options.assignment);
      if (this.#killed) throw lost();
      return new Slot(worker, assigned);
    } catch (thrown) {
      worker.kill();
      if (this.#killed) throw lost();
      throw blotFault(asStartFailure(thrown), this.#options.secrets);
    } finally {
      this.#loading.delete(worker);
    }
  }
}

function asStartFailure(thrown: unknown): FuncatronError {
  if (thrown instanceof FuncatronError) return thrown;
  return new FuncatronError('worker_start_failed', String(thrown), { cause: thrown });
}

/** What a call is told that found no worker before the end. */
export function lost(): FuncatronError {
  return new FuncatronError('runner_lost', 'the runner was shut down before the call could run');
}
