/**
 * The `process` runtime: one program per call, as a UNIX pipeline has it. The request body is its
 * standard input, what it writes is the answer, headers and parameters are variables.
 * `docs/process.md` is for those who write the programs.
 */
import { FuncatronError } from '../errors.ts';
import type { Reply } from '../message.ts';
import { findCommand } from '../watchdog/command.ts';
import type { FoundCommand } from '../watchdog/command.ts';
import { checkVariables, cleanEnv } from '../watchdog/environment.ts';
import { LineGate } from '../watchdog/line.ts';
import type { Spawner } from '../watchdog/program.ts';
import { openSpawner } from '../watchdog/spawner.ts';
import { readCpuMs } from '../watchdog/tree.ts';
import { ProcessAnswers } from './process-run.ts';
import { callVariables } from './process-variable.ts';
import { measureLargest } from './program-memory.ts';
import { Run } from './program-run.ts';
import type { Assigned, Assignment, FuncSpec, Runtime, StartOptions } from './runtime.ts';
import type { Worker, WorkerCall, WorkerEvents, WorkerExit } from './runtime.ts';

const replyBytesMaxDefault = 1024 ** 3;

export type OpenSpawner = (env: Record<string, string>, secretsDir?: string) => Promise<Spawner>;

export const processRuntime: Runtime = createProcessRuntime(openSpawner);

/** The runtime with another way to start programs. */
export function createProcessRuntime(open: OpenSpawner): Runtime {
  return {
    kind: 'process',
    warmable: false,
    start: async (options, events) => new ProcessWorker(open, options, events),
  };
}

interface Program {
  func: FuncSpec;
  command: FoundCommand;
}

class ProcessWorker implements Worker {
  readonly #open: OpenSpawner;
  readonly #options: StartOptions;
  readonly #events: WorkerEvents;
  readonly #gate: LineGate;
  readonly #runs = new Set<Run>();
  readonly #programs = new Map<string, Program>();
  /** What to do about those without a program. */
  readonly #missing = new Map<string, string>();
  #assignment: Assignment | undefined;
  #spawner: Spawner | undefined;
  #state: 'open' | 'draining' | 'ended' = 'open';
  #idle: (() => void) | undefined;

  constructor(open: OpenSpawner, options: StartOptions, events: WorkerEvents) {
    this.#open = open;
    this.#options = options;
    this.#events = events;
    this.#gate = new LineGate((dropped) =>
      events.onLog({ level: 'warn', text: `dropped ${dropped} lines: too many in one second` }),
    );
  }

  get pid(): number | undefined {
    const [run] = this.#runs;
    return run && (this.#spawner?.pid ?? run.pid);
  }

  get open(): number {
    return this.#runs.size;
  }

  /** Of the largest program: the limit is each one's own, as they share nothing. */
  rssBytes(): number {
    return measureLargest(this.#runs, this.#assignment?.memoryBytesMax ?? Infinity);
  }

  cpuMs(): number {
    const pid = this.#spawner?.pid;
    return pid === undefined ? 0 : readCpuMs(pid);
  }

  async assign(assignment: Assignment): Promise<Assigned> {
    this.#assignment = assignment;
    const props = JSON.stringify(assignment.props);
    const env = cleanEnv({ ...assignment.env, FUNCATRON_PROPS: props });
    checkVariables(env);
    const opening = this.#open(env, assignment.secretsDir);
    const places = { dir: assignment.dir, path: env['PATH'] ?? '' };
    for (const func of assignment.funcs) {
      const command = func.command ?? assignment.command;
      const found = command
        ? await findCommand(command, places)
        : { mend: `name its program: x-funcatron.process of ${func.operationId}` };
      if ('mend' in found) this.#missing.set(func.operationId, found.mend);
      else this.#programs.set(func.operationId, { func, command: found });
    }
    this.#spawner = await opening;
    if (this.#state === 'ended') await this.#spawner.close();
    return { missing: Array.from(this.#missing, ([operationId, mend]) => ({ operationId, mend })) };
  }

  async call(call: WorkerCall): Promise<Reply> {
    const { operationId, cancellation } = call;
    const program = this.#programs.get(operationId);
    const spawner = this.#spawner;
    if (this.#state !== 'open' || !spawner) throw ended();
    if (!program) throw funcMissing(operationId, this.#missing.get(operationId));
    if (cancellation?.cancelled) throw cancelled();
    const { dir, stacks } = this.#assignment!;
    const { command } = program;
    const replyBytesMax = this.#options.replyBytesMax ?? replyBytesMaxDefault;
    const run = new Run({
      spawner,
      command,
      dir,
      body: call.body,
      gate: this.#gate,
      env: callVariables(call),
      replyBytesMax,
      answers: new ProcessAnswers({ ...program, call, replyBytesMax, stacks }),
      onLine: (text) => this.#events.onLog({ requestId: call.head.id, level: 'warn', text }),
    });
    this.#runs.add(run);
    cancellation?.onCancel(() => run.abort(cancelled()));
    void run.ended.then(() => {
      this.#runs.delete(run);
      if (this.#runs.size === 0) this.#idle?.();
    });
    return run.reply;
  }

  async ping(): Promise<boolean> {
    return this.#state !== 'ended';
  }

  async drain(): Promise<void> {
    if (this.#state === 'ended') return;
    this.#state = 'draining';
    if (this.#runs.size > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    await this.#end({ code: 0, signal: null, lastWords: '' });
  }

  kill(): void {
    for (const run of this.#runs) run.abort(ended(), true);
    void this.#end({ code: null, signal: 'SIGKILL', lastWords: '' });
  }

  async #end(exit: WorkerExit): Promise<void> {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    await this.#spawner?.close();
    this.#gate.close();
    this.#events.onExit(exit);
  }
}

const cancelled = (): FuncatronError =>
  new FuncatronError('cancelled', 'the call was given up before its program ended');

const ended = (): FuncatronError =>
  new FuncatronError('func_exited', 'the worker was ended, and the program of the call with it');

const funcMissing = (operationId: string, mend = 'the contract does not name it'): FuncatronError =>
  new FuncatronError('func_missing', `${operationId} has no program: ${mend}`);
