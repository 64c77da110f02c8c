/**
 * Workers started before anybody knows which bundle they will serve: a cold call then costs
 * loading the bundle, not starting the language. Kept per runtime kind, and only for kinds that
 * some enabled bundle uses.
 */
import type { Log } from '../log.ts';
import { openRuntime } from '../runtime/runtime.ts';
import type { Runtime, StartOptions, Worker, WorkerEvents } from '../runtime/runtime.ts';

/** Refilling waits this long, so that it does not compete with the call that took the worker. */
const refillDelayMs = 50;

interface Waiting {
  worker: Worker;
  events: Relay;
}

export interface WarmOptions {
  /** Unassigned workers kept per kind (`--warm`). */
  count: number;
  start: StartOptions;
  log: Log;
}

export class WarmWorkers {
  readonly #options: WarmOptions;
  readonly #waiting = new Map<string, Promise<Waiting>[]>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #closed = false;

  constructor(options: WarmOptions) {
    this.#options = options;
  }

  /** A worker with no bundle: one that waits, else a new one. Its events go to `events`. */
  async take(kind: string, events: WorkerEvents): Promise<Worker> {
    const runtime = await openRuntime(kind);
    const first = this.#waiting.get(kind)?.shift();
    if (runtime.warmable) this.#refillSoon(runtime);
    const waiting = first && (await first.catch(() => undefined));
    if (!waiting || waiting.events.exited) return runtime.start(this.#options.start, events);
    waiting.events.target = events;
    return waiting.worker;
  }

  /** Starts what is missing of a kind; called when a bundle of that kind is enabled. */
  async fill(kind: string): Promise<void> {
    const runtime = await openRuntime(kind);
    if (runtime.warmable) this.#refillSoon(runtime);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    const all = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    await Promise.all(
      all.map(async (pending) => (await pending.catch(() => undefined))?.worker.kill()),
    );
  }

  #refillSoon(runtime: Runtime): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#refill(runtime);
    }, refillDelayMs);
    this.#timers.add(timer);
  }

  #refill(runtime: Runtime): void {
    if (this.#closed) return;
    const waiting = this.#waiting.get(runtime.kind) ?? [];
    this.#waiting.set(runtime.kind, waiting);
    while (waiting.length < this.#options.count) {
      const pending = this.#start(runtime);
      waiting.push(pending);
      pending.catch((cause: unknown) => {
        const at = waiting.indexOf(pending);
        if (at >= 0) waiting.splice(at, 1);
        this.#options.log.warn({ kind: runtime.kind, err: cause }, 'no warm worker');
      });
    }
  }

  async #start(runtime: Runtime): Promise<Waiting> {
    const events = new Relay();
    const worker = await runtime.start(this.#options.start, events);
    return { worker, events };
  }
}

/** Passes a worker's events to whoever takes it; before that, only its exit matters. */
class Relay implements WorkerEvents {
  target: WorkerEvents | undefined;
  exited = false;

  onLog: WorkerEvents['onLog'] = (line) => this.target?.onLog(line);

  onExit: WorkerEvents['onExit'] = (exit) => {
    this.exited = true;
    this.target?.onExit(exit);
  };
}
