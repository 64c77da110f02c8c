/**
 * Workers started before anybody knows which bundle they will serve: a cold call then costs
 * loading the bundle, not starting the language. Kept per runtime kind, and only for kinds that
 * some enabled bundle uses.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Log } from '../log.ts';
import { openRuntime } from '../runtime/runtime.ts';
import type { Runtime, StartOptions, Worker, WorkerEvents } from '../runtime/runtime.ts';

/** Refilling waits this long, so that it does not compete with the call that took the worker. */
const refillDelayMs = 50;

interface Waiting {
  worker: Worker;
  events: Relay;
}

/** A start under way or done. */
interface Start {
  done: Promise<Waiting>;
  worker?: Worker;
}

export interface WarmOptions {
  /** Unassigned workers kept per kind (`--warm`). */
  count: number;
  start: StartOptions;
  /** File that remembers the kinds in use, so that the next start has workers waiting at once. */
  memory: string;
  log: Log;
  /** Runtimes beside those that `openRuntime` knows. */
  runtimes?: readonly Runtime[] | undefined;
}

export class WarmWorkers {
  readonly #options: WarmOptions;
  readonly #waiting = new Map<string, Start[]>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #kinds = new Set<string>();
  #closed = false;

  constructor(options: WarmOptions) {
    this.#options = options;
  }

  /** A worker with no bundle: one that waits, else a new one. Its events go to `events`. */
  async take(kind: string, events: WorkerEvents): Promise<Worker> {
    const runtime = await this.#open(kind);
    const first = this.#waiting.get(kind)?.shift();
    if (runtime.warmable) this.#refillSoon(runtime);
    const waiting = first && (await first.done.catch(() => undefined));
    if (!waiting || waiting.events.exited) return runtime.start(this.#options.start, events);
    waiting.events.target = events;
    return waiting.worker;
  }

  /** Starts what is missing of a kind; called when a bundle of that kind is loaded. */
  async fill(kind: string): Promise<void> {
    const runtime = await this.#open(kind);
    if (!runtime.warmable) return;
    this.#refillSoon(runtime);
    await this.#remember(kind);
  }

  /** Starts workers of the kinds that were in use when the runner last ran. */
  async recall(): Promise<void> {
    const text = await readFile(this.#options.memory, 'utf8').catch(() => '');
    for (const kind of text.split('\n').filter(Boolean)) {
      this.#kinds.add(kind);
      const runtime = await this.#open(kind).catch(() => undefined);
      if (runtime?.warmable) this.#refill(runtime);
    }
  }

  /** What cannot be remembered costs the next start a little; it is no failure. */
  async #remember(kind: string): Promise<void> {
    const { memory, count } = this.#options;
    if (this.#kinds.has(kind) || count === 0) return;
    this.#kinds.add(kind);
    await mkdir(dirname(memory), { recursive: true })
      .then(() => writeFile(memory, [...this.#kinds].join('\n')))
      .catch(() => undefined);
  }

  /** Process ids of the workers of a kind that wait. */
  pids(kind: string): number[] {
    return (this.#waiting.get(kind) ?? []).flatMap(({ worker }) => worker?.pid ?? []);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    const all = [...this.#waiting.values()].flat();
    this.#waiting.clear();
    await Promise.all(
      all.map(async ({ done }) => (await done.catch(() => undefined))?.worker.kill()),
    );
  }

  async #open(kind: string): Promise<Runtime> {
    const given = this.#options.runtimes?.find((runtime) => runtime.kind === kind);
    return given ?? openRuntime(kind);
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
      const start: Start = { done: this.#start(runtime) };
      waiting.push(start);
      start.done.then(
        ({ worker }) => (start.worker = worker),
        (cause: unknown) => {
          const at = waiting.indexOf(start);
          if (at >= 0) waiting.splice(at, 1);
          this.#options.log.warn({ kind: runtime.kind, err: cause }, 'no warm worker');
        },
      );
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
