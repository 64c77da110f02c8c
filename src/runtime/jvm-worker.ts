/**
 * A worker of the jvm runtime: free (it keeps a JVM waiting), assigned (a bundle in a JVM, its own or
 * one it shares), or over. When its JVM is tainted it moves: the bundle is loaded in another, new
 * calls go there, and those in hand end where they are. Nobody above notices.
 */
import { FuncatronError } from '../errors.ts';
import type { Reply } from '../message.ts';
import type { JvmHost } from './jvm-host.ts';
import type { Link } from './link.ts';
import type { Assigned, Assignment, StartOptions, Worker, WorkerCall } from './runtime.ts';
import type { WorkerEvents, WorkerExit } from './runtime.ts';

/** How long calls in hand may take to end in a JVM that was left. */
const leaveMs = 60_000;

/** Finds a JVM for an assignment, with a reservation for it. */
export type FindHost = (
  assignment: Assignment,
  options: StartOptions,
  reserved?: JvmHost,
) => Promise<JvmHost>;

export class JvmWorker implements Worker {
  readonly #find: FindHost;
  readonly #options: StartOptions;
  readonly #events: WorkerEvents;
  readonly #over = Promise.withResolvers<void>();
  /** The JVM it keeps while it has no bundle. */
  #reserved: JvmHost | undefined;
  #link: Link | undefined;
  /** Links to JVMs it has left, which still have calls in hand. */
  readonly #leaving = new Set<Link>();
  #loading: Promise<Assigned> | undefined;
  #state: 'serving' | 'draining' | 'killed' | 'over' = 'serving';
  /** How the link ended that took the calls. */
  #exit: WorkerExit | undefined;

  /** `host` has a reservation for it; without one it finds its JVM when it has a bundle. */
  constructor(
    find: FindHost,
    host: JvmHost | undefined,
    options: StartOptions,
    events: WorkerEvents,
  ) {
    this.#find = find;
    this.#reserved = host;
    this.#options = options;
    this.#events = events;
  }

  get pid(): number | undefined {
    return this.#state === 'over' ? undefined : (this.#link?.pid ?? this.#reserved?.pid);
  }

  get open(): number {
    let open = this.#link?.open ?? 0;
    for (const link of this.#leaving) open += link.open;
    return open;
  }

  rssBytes(): number {
    return this.#link?.rssBytes() ?? 0;
  }

  cpuMs(): number {
    return this.#link?.cpuMs() ?? 0;
  }

  assign(assignment: Assignment): Promise<Assigned> {
    return (this.#loading = this.#load(assignment));
  }

  call(call: WorkerCall): Promise<Reply> {
    if (this.#link && this.#state !== 'killed') return this.#link.call(call);
    return Promise.reject(new FuncatronError('func_exited', 'the worker has ended'));
  }

  ping(timeoutMs: number): Promise<boolean> {
    return this.#link?.ping(timeoutMs) ?? Promise.resolve(false);
  }

  async drain(): Promise<void> {
    if (this.#state === 'serving') this.#state = 'draining';
    if (!this.#link) this.#finish({ code: 0, signal: null, lastWords: '' });
    else if (this.#state === 'draining') void this.#link.drain();
    await this.#over.promise;
  }

  kill(): void {
    if (this.#state === 'over') return;
    this.#state = 'killed';
    for (const link of [...this.#leaving, ...(this.#link ? [this.#link] : [])]) {
      link.abandon();
      link.kill();
    }
    if (!this.#link) this.#finish({ code: null, signal: 'SIGKILL', lastWords: '' });
  }

  async #load(assignment: Assignment): Promise<Assigned> {
    const reserved = this.#reserved;
    this.#reserved = undefined;
    try {
      if (this.#state !== 'serving') throw gone();
      const host = await this.#find(assignment, this.#options, reserved);
      this.#link = await this.#open(host, assignment);
    } finally {
      reserved?.release();
    }
    return this.#link.assign(assignment);
  }

  async #open(host: JvmHost, assignment: Assignment): Promise<Link> {
    const link: Link = await host.open(assignment, this.#options, {
      onLog: (line) => this.#events.onLog(line),
      onExit: (exit) => this.#onExit(link, exit),
      onTaint: () => void this.#move(assignment),
    });
    if (this.#state === 'serving') return link;
    link.kill();
    throw gone();
  }

  /** Goes to another JVM; where that fails, it stays as long as this one lasts. */
  async #move(assignment: Assignment): Promise<void> {
    await this.#loading?.catch(() => undefined);
    const old = this.#link;
    if (this.#state !== 'serving' || !old) return;
    try {
      const host = await this.#find(assignment, this.#options);
      const link = await this.#open(host, assignment);
      try {
        await link.assign(assignment);
      } catch (thrown) {
        link.kill();
        throw thrown;
      }
      if (this.#state !== 'serving') return link.kill();
      this.#link = link;
    } catch (thrown) {
      if (this.#state !== 'serving') return;
      const text = `the bundle cannot move to another JVM: ${(thrown as Error).message}`;
      return this.#events.onLog({ level: 'error', text });
    }
    this.#events.onLog({
      level: 'info',
      text: 'moved to another JVM: another bundle left threads behind that would not end',
    });
    this.#leave(old);
  }

  #leave(link: Link): void {
    this.#leaving.add(link);
    const timer = setTimeout(() => link.kill(), leaveMs).unref();
    void link.drain().finally(() => clearTimeout(timer));
  }

  #onExit(link: Link, exit: WorkerExit): void {
    if (link === this.#link) {
      this.#exit = exit;
      if (this.#state !== 'draining') for (const other of this.#leaving) other.kill();
    } else this.#leaving.delete(link);
    if (this.#exit && this.#leaving.size === 0) this.#finish(this.#exit);
  }

  #finish(exit: WorkerExit): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#reserved?.release();
    this.#reserved = undefined;
    this.#over.resolve();
    // Not before whoever asked for the end has it in hand.
    queueMicrotask(() => this.#events.onExit(exit));
  }
}

const gone = (): FuncatronError =>
  new FuncatronError('worker_start_failed', 'the worker was ended before the bundle was loaded');
