/**
 * A watchdog that stands alone, as a container has it: one function behind HTTP, configured by
 * environment variables, healthy while its lock file is there, and ended in order by SIGTERM.
 */
import type { FuncatronError } from '../../errors.ts';
import { StatusServer } from '../../observe/status-server.ts';
import { openRuntime } from '../../runtime/runtime.ts';
import type { Assignment, Worker, WorkerExit } from '../../runtime/runtime.ts';
import { readWatchdogSettings } from '../../watchdog/setting.ts';
import type { Variables, WatchdogSettings } from '../../watchdog/setting.ts';
import { WatchdogDoor } from './door.ts';
import { Lines } from './line.ts';
import type { Output } from './line.ts';
import { LockFile } from './lock.ts';
import { RequestMeter } from './meter.ts';

/** Processes of mode `warm` where nothing says how many. */
const warmProcesses = 16;
/** Connections to a program of mode `http`. */
const connections = 1024;
/** How long the program may take to end, once its requests have. */
const endMs = 5_000;

export interface StandAlone {
  port: number;
  metricsPort: number;
  /** Resolves with the exit code, when it has ended. */
  readonly ended: Promise<number>;
  /** Ends it in order; `isSoon` leaves out the wait for who sends requests to notice. */
  terminate(signal: string, isSoon?: boolean): Promise<void>;
}

/** Rejects with `option_invalid`, `worker_start_failed` or `address_in_use`; nothing runs then. */
export async function startWatchdog(
  env: Variables,
  cwd: string,
  output: Output,
): Promise<StandAlone> {
  const watchdog = new Watchdog(readWatchdogSettings(env), env, cwd, output);
  await watchdog.start();
  return watchdog;
}

class Watchdog implements StandAlone {
  readonly ended: Promise<number>;
  readonly #settings: WatchdogSettings;
  readonly #env: Variables;
  readonly #cwd: string;
  readonly #lines: Lines;
  readonly #lock: LockFile;
  readonly #meter = new RequestMeter();
  readonly #status: StatusServer;
  #settleEnd: (code: number) => void = () => undefined;
  #worker: Worker | undefined;
  #door: WatchdogDoor | undefined;
  #isEnding = false;

  constructor(settings: WatchdogSettings, env: Variables, cwd: string, output: Output) {
    this.#settings = settings;
    this.#env = env;
    this.#cwd = cwd;
    this.#lines = new Lines(output);
    this.#lines.prefixes = settings.prefixLogs;
    this.#lock = new LockFile(env);
    this.#status = new StatusServer(this.#meter.metrics);
    this.ended = new Promise((resolve) => (this.#settleEnd = resolve));
  }

  get port(): number {
    return this.#door!.port;
  }

  get metricsPort(): number {
    return Number(new URL(this.#status.url).port);
  }

  async start(): Promise<void> {
    const settings = this.#settings;
    const runtime = await openRuntime('watchdog');
    const worker = (this.#worker = await runtime.start(
      { socketDir: '', replyBytesMax: Infinity },
      { onLog: (line) => this.#lines.pass(line), onExit: (exit) => void this.#lost(exit) },
    ));
    try {
      await worker.assign(this.#assignment());
      const shared = { lock: this.#lock, meter: this.#meter, lines: this.#lines };
      const door = (this.#door = new WatchdogDoor({ settings, worker, ...shared }));
      await this.#status.listen('0.0.0.0', settings.metricsPort, 'metrics_port');
      await door.listen();
      if (!settings.suppressLock) this.#lock.write();
    } catch (thrown) {
      await this.#abandon();
      throw thrown as FuncatronError;
    }
    this.#tell();
  }

  async terminate(signal: string, isSoon = false): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const { healthcheckIntervalMs: waitMs, writeTimeoutMs } = this.#settings;
    this.#lock.remove();
    this.#door?.stopAccepting();
    this.#lines.say(`${signal} received.. shutting down server in ${isSoon ? 0 : waitMs / 1000}s`);
    if (!isSoon) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const left = this.#meter.inFlight;
    this.#lines.say(`No new connections allowed, draining: ${left} requests`);
    await this.#door?.close(writeTimeoutMs);
    await this.#endWorker();
    await this.#status.close();
    this.#lines.say('Exiting. Active connections: 0');
    this.#settleEnd(0);
  }

  #assignment(): Assignment {
    const { mode, inflightMax } = this.#settings;
    const env = Object.entries(this.#env).filter((pair): pair is [string, string] => {
      return pair[1] !== undefined;
    });
    return {
      ...{ sha: '', name: 'watchdog', version: '', dir: this.#cwd, props: {} },
      funcs: [{ operationId: 'call' }],
      env: Object.fromEntries(env),
      concurrency: inflightMax || (mode === 'warm' ? warmProcesses : connections),
      memoryBytesMax: Infinity,
      stacks: false,
    };
  }

  #tell(): void {
    const { mode, readTimeoutMs, writeTimeoutMs, execTimeoutMs, suppressLock } = this.#settings;
    const [read, write, hard] = [readTimeoutMs, writeTimeoutMs, execTimeoutMs].map(
      (ms) => `${ms / 1000}s`,
    );
    this.#lines.say(`Mode: ${mode}. Timeouts: read: ${read} write: ${write} hard: ${hard}`);
    this.#lines.say(`Listening on port: ${this.port}, metrics on port: ${this.metricsPort}`);
    if (suppressLock) this.#lines.say('Warning: "suppress_lock" is enabled: there is no lock file');
    else this.#lines.say(`Writing lock-file to: ${this.#lock.path}`);
  }

  /** The program has ended by itself: whoever runs the container starts both again. */
  async #lost({ code, signal }: WorkerExit): Promise<void> {
    if (this.#isEnding || !this.#door) return;
    this.#isEnding = true;
    this.#lock.remove();
    this.#lines.say(`Forked function has terminated: ${signal ?? `exit status ${code}`}`);
    await this.#door.close(0);
    await this.#status.close();
    this.#settleEnd(code === 0 ? 0 : 1);
  }

  async #endWorker(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, endMs)));
    await Promise.race([this.#worker?.drain(), late]);
    clearTimeout(timer);
    this.#worker?.kill();
  }

  async #abandon(): Promise<void> {
    this.#isEnding = true;
    this.#worker?.kill();
    await this.#door?.close(0);
    await this.#status.close();
  }
}
