/**
 * The `http` runtime: the bundle is a program that serves HTTP on the port it is given; calls are
 * forwarded to it. `docs/http-runtime.md` is for those who write such programs.
 */
import { FuncatronError } from '../errors.ts';
import type { Reply } from '../message.ts';
import { findCommand } from '../watchdog/command.ts';
import { checkVariables, cleanEnv } from '../watchdog/environment.ts';
import { LineGate } from '../watchdog/line.ts';
import { takesConnections } from '../watchdog/port.ts';
import { describeExit, killProgram, stopProgram } from '../watchdog/program.ts';
import type { Spawner } from '../watchdog/program.ts';
import { openSpawner } from '../watchdog/spawner.ts';
import { readCpuMs, readRss } from '../watchdog/tree.ts';
import { Exchange } from './http-exchange.ts';
import { forwardOf } from './http-header.ts';
import type { Forward } from './http-header.ts';
import { HttpPool } from './http-pool.ts';
import { startHttpProgram } from './http-program.ts';
import { UpgradeExchange } from './http-upgrade.ts';
import type { HttpProgram, Upstream } from './http-program.ts';
import type { Assigned, Assignment, Runtime, StartOptions } from './runtime.ts';
import type { Worker, WorkerCall, WorkerEvents, WorkerExit } from './runtime.ts';

const readyMsDefault = 30_000;
/** How long the program may take to end after SIGTERM, when its calls have. */
const drainMs = 5_000;
/** A program that breaks its connections by ending has ended within this. */
const exitMs = 250;
/** How long what it left in its pipes may take to arrive. */
const restMs = 500;
/** Below what servers keep idle connections for: a request must not meet their closing. */
const idleConnectionMs = 1_000;

/** What differs between those who put programs that serve HTTP behind us. */
export interface HttpRules {
  forward(call: WorkerCall): Forward;
  /** The program's variables, beside those every program has. */
  variables(assignment: Assignment): Record<string, string>;
  /** Where it listens by itself; absent: on a port that it is told. */
  upstream?: Upstream;
  /** How it is told. */
  portVariables(port: number): Record<string, string>;
}

export const httpRuntime: Runtime = createHttpRuntime({
  forward: forwardOf,
  variables: ({ env, props }) => ({
    HOST: '127.0.0.1',
    ...env,
    FUNCATRON_PROPS: JSON.stringify(props),
  }),
  portVariables: (port) => ({ PORT: String(port) }),
});

/** The runtime with other rules. */
export function createHttpRuntime(rules: HttpRules): Runtime {
  return {
    kind: 'http',
    warmable: false,
    start: async (options, events) => new HttpWorker(rules, options, events),
  };
}

class HttpWorker implements Worker {
  readonly #rules: HttpRules;
  readonly #options: StartOptions;
  readonly #events: WorkerEvents;
  readonly #gate: LineGate;
  readonly #exchanges = new Set<Exchange | UpgradeExchange>();
  #spawner: Spawner | undefined;
  #running: HttpProgram | undefined;
  #pool: HttpPool | undefined;
  #state: 'open' | 'draining' | 'killed' = 'open';
  #exit: WorkerExit | undefined;
  #gone: Promise<void> = Promise.resolve();
  #idle: (() => void) | undefined;

  constructor(rules: HttpRules, options: StartOptions, events: WorkerEvents) {
    this.#rules = rules;
    this.#options = options;
    this.#events = events;
    this.#gate = new LineGate((dropped) =>
      events.onLog({ level: 'warn', text: `dropped ${dropped} lines: too many in one second` }),
    );
  }

  get pid(): number | undefined {
    return this.#exit ? undefined : this.#running?.program.pid;
  }

  get open(): number {
    return this.#exchanges.size;
  }

  rssBytes(): number {
    return this.pid === undefined ? 0 : readRss(this.pid);
  }

  cpuMs(): number {
    return this.pid === undefined ? 0 : readCpuMs(this.pid);
  }

  async assign(assignment: Assignment): Promise<Assigned> {
    const { dir, command = [], concurrency } = assignment;
    const { variables, upstream, portVariables } = this.#rules;
    const env = cleanEnv(variables(assignment));
    checkVariables(env);
    const found = await findCommand(command, { dir, path: env['PATH'] ?? '' });
    if ('mend' in found) throw new FuncatronError('worker_start_failed', found.mend);
    this.#spawner = await openSpawner(env, assignment.secretsDir);
    try {
      this.#running = await startHttpProgram({
        spawner: this.#spawner,
        command: found,
        dir,
        ...(upstream && { upstream }),
        portVariables,
        readyMs: this.#options.assignTimeoutMs ?? readyMsDefault,
        gate: this.#gate,
        onLine: (level, text) => this.#events.onLog({ level, text }),
      });
    } catch (error) {
      await this.#spawner.close();
      this.#gate.close();
      throw error;
    }
    const { host, port } = this.#running;
    this.#pool = new HttpPool({
      ...{ host, port, connectionsMax: concurrency },
      idleMs: idleConnectionMs,
    });
    this.#gone = this.#watch(this.#running, this.#spawner, this.#pool);
    if (this.#state === 'killed') this.kill();
    return { missing: [] };
  }

  async call(call: WorkerCall): Promise<Reply> {
    const { cancellation } = call;
    const pool = this.#pool;
    if (this.#exit || this.#state !== 'open' || !pool) throw this.#exited();
    if (cancellation?.cancelled) throw cancelled();
    const explain = (error: Error) => this.#explain(error);
    const forward = this.#rules.forward(call);
    const exchange = call.head.upgrade
      ? new UpgradeExchange({ ...this.#running!, call, forward, explain })
      : new Exchange({ pool, call, forward, explain, stale: hungUp });
    this.#exchanges.add(exchange);
    cancellation?.onCancel(() => exchange.abort(cancelled()));
    void exchange.ended.then(() => {
      this.#exchanges.delete(exchange);
      if (this.#exchanges.size === 0) this.#idle?.();
    });
    return exchange.reply;
  }

  /** Whether the program takes connections: one that is blocked leaves them to the system. */
  async ping(timeoutMs: number): Promise<boolean> {
    if (this.#exit || !this.#running) return false;
    const { host, port } = this.#running;
    return takesConnections(host, port, timeoutMs);
  }

  async drain(): Promise<void> {
    if (this.#state === 'open') this.#state = 'draining';
    if (this.#exchanges.size > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    if (this.#running && !this.#exit) await stopProgram(this.#running.program, drainMs);
    await this.#gone;
  }

  kill(): void {
    this.#state = 'killed';
    if (this.#running) killProgram(this.#running.program);
    else void this.#spawner?.close();
  }

  async #watch({ program, silent, lastWords }: HttpProgram, spawner: Spawner, pool: HttpPool) {
    const { code, signal } = await program.exited;
    this.#exit = { code, signal, lastWords: '' };
    program.sweep();
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([silent, new Promise((resolve) => (timer = setTimeout(resolve, restMs)))]);
    clearTimeout(timer);
    this.#exit.lastWords = lastWords.toString();
    pool.destroy();
    await spawner.close();
    program.stdout.destroy();
    program.stderr.destroy();
    this.#gate.close();
    this.#events.onExit(this.#exit);
  }

  /** What a broken connection means; undefined when the program only hung up. */
  async #explain(error: Error): Promise<FuncatronError | undefined> {
    if (error instanceof FuncatronError) return error;
    let timer: NodeJS.Timeout | undefined;
    const later = new Promise((resolve) => (timer = setTimeout(resolve, exitMs)));
    await Promise.race([this.#running!.program.exited, later]);
    clearTimeout(timer);
    return this.#running!.program.exit ? this.#exited() : undefined;
  }

  #exited(): FuncatronError {
    const exit = this.#running?.program.exit;
    const how = exit
      ? `the program ended with ${describeExit(exit)}`
      : 'the program is being ended';
    return new FuncatronError('func_exited', `${how} and does not answer any more`);
  }
}

const hungUp = (): FuncatronError =>
  new FuncatronError('func_failed', 'the program closed the connection without an answer');

const cancelled = (): FuncatronError =>
  new FuncatronError('cancelled', 'the call was given up before its answer came');
