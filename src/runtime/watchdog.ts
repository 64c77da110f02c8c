/**
 * The `watchdog` runtime: OpenFaaS's watchdogs inside the platform. What it runs and how is said by
 * environment variables, `x-funcatron.env` in a contract; `docs/watchdog.md` is for those who write
 * them. `funcatron watchdog` puts the same behind an HTTP server of its own.
 */
import { FuncatronError, toFault } from '../errors.ts';
import type { Reply } from '../message.ts';
import { checkVariables, cleanEnv } from '../watchdog/environment.ts';
import { readWatchdogSettings } from '../watchdog/setting.ts';
import type { WatchdogSettings } from '../watchdog/setting.ts';
import { cancelled, textReply } from './watchdog/mode.ts';
import type { Mode, ModeContext } from './watchdog/mode.ts';
import type { Assigned, Assignment, Runtime, StartOptions } from './runtime.ts';
import type { Worker, WorkerCall, WorkerEvents, WorkerExit } from './runtime.ts';

export const watchdogRuntime: Runtime = {
  kind: 'watchdog',
  warmable: false,
  start: async (options, events) => new WatchdogWorker(options, events),
};

class WatchdogWorker implements Worker {
  readonly #options: StartOptions;
  readonly #events: WorkerEvents;
  #mode: Mode | undefined;
  #settings: WatchdogSettings | undefined;
  #exit: WorkerExit | undefined;

  constructor(options: StartOptions, events: WorkerEvents) {
    this.#options = options;
    this.#events = events;
  }

  get pid(): number | undefined {
    return this.#mode?.pid;
  }

  get open(): number {
    return this.#mode?.open ?? 0;
  }

  rssBytes(): number {
    return this.#mode?.rssBytes() ?? 0;
  }

  cpuMs(): number {
    return this.#mode?.cpuMs() ?? 0;
  }

  async assign(assignment: Assignment): Promise<Assigned> {
    const settings = (this.#settings = readSettings(assignment));
    const { props } = assignment;
    const env = cleanEnv(assignment.env);
    if (Object.keys(props).length > 0) env['FUNCATRON_PROPS'] = JSON.stringify(props);
    checkVariables(env);
    const command = settings.command.length > 0 ? settings.command : (assignment.command ?? []);
    if (command.length === 0 && settings.mode !== 'static')
      throw new FuncatronError(
        'worker_start_failed',
        'there is no program to run: set the variable fprocess (x-funcatron.env), or x-funcatron.process',
      );
    const { onLog } = this.#events;
    const mode = await openMode({
      ...{ settings, assignment, env, command, options: this.#options, onLog },
      onExit: (exit) => this.#end(exit),
    });
    this.#mode = mode;
    if (this.#exit) mode.kill();
    return { missing: [] };
  }

  async call(call: WorkerCall): Promise<Reply> {
    if (this.#exit || !this.#mode || !this.#settings) throw this.#ended();
    if (call.cancellation?.cancelled) throw cancelled();
    const { inflightMax, mode } = this.#settings;
    if (call.head.upgrade && mode !== 'http') throw notUpgradable(mode);
    if (inflightMax > 0 && this.#mode.open >= inflightMax) {
      const text = `Concurrent request limit exceeded. Max concurrent requests: ${inflightMax}\n`;
      return textReply(call, 429, text, { 'x-openfaas-internal': 'faas-middleware' });
    }
    return this.#mode.call(call);
  }

  async ping(timeoutMs: number): Promise<boolean> {
    return !this.#exit && (await this.#mode?.ping(timeoutMs)) === true;
  }

  async drain(): Promise<void> {
    if (this.#mode) await this.#mode.drain();
    else this.kill();
  }

  kill(): void {
    if (this.#mode) this.#mode.kill();
    else this.#end({ code: null, signal: 'SIGKILL', lastWords: '' });
  }

  #end(exit: WorkerExit): void {
    if (this.#exit) return;
    this.#exit = exit;
    this.#events.onExit(exit);
  }

  #ended(): FuncatronError {
    return new FuncatronError('func_exited', 'the watchdog has ended and takes no more calls');
  }
}

/** A bad variable is why there is no worker: it is no fault of a caller's. */
function readSettings({ env }: Assignment): WatchdogSettings {
  try {
    return readWatchdogSettings(env);
  } catch (thrown) {
    throw new FuncatronError('worker_start_failed', toFault(thrown).message, { cause: thrown });
  }
}

/** Only what is used is imported. */
async function openMode(context: ModeContext): Promise<Mode> {
  switch (context.settings.mode) {
    case 'warm':
      return (await import('./watchdog/warm.ts')).WarmMode.open(context);
    case 'http':
      return (await import('./watchdog/upstream.ts')).UpstreamMode.open(context);
    case 'static':
      return (await import('./watchdog/static.ts')).StaticMode.open(context);
    default:
      return (await import('./watchdog/fork.ts')).ForkMode.open(context);
  }
}

function notUpgradable(mode: string): FuncatronError {
  const detail = `a watchdog of mode ${mode} speaks no WebSocket; one of mode http does`;
  return new FuncatronError('upgrade_unsupported', detail);
}
