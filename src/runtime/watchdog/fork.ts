/** Modes `classic`, `serializing` and `streaming`: one process a request, stdin to stdout. */
import type { Reply } from '../../message.ts';
import type { FoundCommand } from '../../watchdog/command.ts';
import { measureLargest } from '../program-memory.ts';
import { Run } from '../program-run.ts';
import type { WorkerCall, WorkerExit } from '../runtime.ts';
import { forkAnswers } from './fork-answers.ts';
import { cancelled, collectBody, ended, replyBytesMaxDefault } from './mode.ts';
import { requestLine, showSeconds, textReply } from './mode.ts';
import type { Mode, ModeContext } from './mode.ts';
import { ProgramSource } from './program-source.ts';
import { marshalRequest, requestVariables } from './variable.ts';

/** What the classic watchdog takes; others are 405. */
const classicMethods = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

export class ForkMode implements Mode {
  readonly #context: ModeContext;
  readonly #source: ProgramSource;
  readonly #runs = new Set<Run>();
  /** Calls, those included whose program has not been started yet. */
  #open = 0;
  #state: 'open' | 'draining' | 'ended' = 'open';
  #idle: (() => void) | undefined;

  private constructor(context: ModeContext) {
    this.#context = context;
    this.#source = new ProgramSource(context);
  }

  static async open(context: ModeContext): Promise<ForkMode> {
    const mode = new ForkMode(context);
    await mode.#source.open();
    return mode;
  }

  get pid(): number | undefined {
    const [run] = this.#runs;
    return run && (this.#source.pid ?? run.pid);
  }

  get open(): number {
    return this.#open;
  }

  /** Of the largest program: the limit is each one's own. */
  rssBytes(): number {
    return measureLargest(this.#runs, this.#context.assignment.memoryBytesMax);
  }

  cpuMs(): number {
    return this.#source.cpuMs();
  }

  async call(call: WorkerCall): Promise<Reply> {
    if (this.#state !== 'open') throw ended();
    const { method } = call.head;
    if (this.#context.settings.mode === 'classic' && !classicMethods.has(method))
      return textReply(call, 405, '', { allow: [...classicMethods].join(', ') });
    this.#open++;
    let started: Run | Reply | undefined;
    try {
      started = await this.#start(call);
      return started instanceof Run ? await started.reply : started;
    } finally {
      if (started instanceof Run) void started.ended.then(() => this.#leave());
      else this.#leave();
    }
  }

  async ping(): Promise<boolean> {
    return this.#state !== 'ended';
  }

  async drain(): Promise<void> {
    if (this.#state === 'ended') return;
    this.#state = 'draining';
    if (this.#open > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    await this.#end({ code: 0, signal: null, lastWords: '' });
  }

  kill(): void {
    for (const run of this.#runs) run.abort(ended(), true);
    void this.#end({ code: null, signal: 'SIGKILL', lastWords: '' });
  }

  /** The run of a call; an answer where there is nothing to run. */
  async #start(call: WorkerCall): Promise<Run | Reply> {
    const { settings } = this.#context;
    const { cancellation, head } = call;
    const command = await this.#source.find();
    if (typeof command === 'string') {
      this.#say(call, 'error', command);
      if (settings.mode === 'streaming') return textReply(call, 200, '');
      return textReply(call, 500, settings.mode === 'classic' ? `${command}\n` : command);
    }
    const given: WorkerCall = settings.marshalRequest
      ? { ...call, body: marshalRequest(head.headers, await this.#whole(call)) }
      : call;
    if (cancellation?.cancelled) throw cancelled();
    if (this.#state === 'ended') throw ended();
    const run = this.#run(call, given, command);
    cancellation?.onCancel(() => run.abort(cancelled()));
    return run;
  }

  #run(call: WorkerCall, given: WorkerCall, command: FoundCommand): Run {
    const { settings, options, assignment } = this.#context;
    const { mode, execTimeoutMs, combineOutput, lineBytesMax } = settings;
    const startedMs = performance.now();
    const answers = forkAnswers(this.#context, {
      call,
      startedMs,
      onFailure: (text) => {
        this.#source.forget();
        this.#say(call, 'error', text);
      },
    });
    if (mode === 'classic') this.#say(call, 'info', 'Forking fprocess.');
    if (settings.debugHeaders) this.#say(call, 'debug', JSON.stringify(call.head.headers));
    const run = new Run({
      spawner: this.#source.spawner,
      command,
      dir: assignment.dir,
      body: given.body,
      env: requestVariables(call, settings),
      gate: this.#source.gate,
      onLine: (text) => this.#tell(call, text),
      replyBytesMax: options.replyBytesMax ?? replyBytesMaxDefault,
      answers,
      lineBytesMax,
      merges: mode === 'classic' && combineOutput,
    });
    this.#runs.add(run);
    const late = (): void => {
      this.#say(call, 'error', `Killed process: exec_timeout (${execTimeoutMs / 1000}s) is over`);
      run.abort(answers.onTimeout());
    };
    const timer = execTimeoutMs > 0 ? setTimeout(late, execTimeoutMs) : undefined;
    void run.ended.then(() => {
      clearTimeout(timer);
      this.#runs.delete(run);
    });
    void this.#report(call, run, startedMs);
    return run;
  }

  #whole({ body }: WorkerCall): Promise<Uint8Array> {
    return collectBody(body, this.#context.settings.bodyBytesMax);
  }

  /** Writes the line of an answered request. */
  async #report(call: WorkerCall, run: Run, startedMs: number): Promise<void> {
    const { settings } = this.#context;
    const reply = await run.reply.catch(() => undefined);
    if (!reply) return;
    await run.ended;
    const { status } = reply.head;
    const ms = performance.now() - startedMs;
    if (settings.mode !== 'classic')
      return this.#say(call, 'info', requestLine(call, status, run.bytes, ms, settings));
    if (status !== 200) return;
    if (settings.writeDebug && reply.body instanceof Uint8Array)
      this.#say(call, 'debug', Buffer.from(reply.body).toString());
    this.#say(call, 'info', `Wrote ${run.bytes} Bytes - Duration: ${showSeconds(ms)}s`);
  }

  #say({ head }: WorkerCall, level: 'debug' | 'info' | 'error', text: string): void {
    this.#context.onLog({ requestId: head.id, level, text });
  }

  #tell({ head }: WorkerCall, text: string): void {
    const fields = { stream: 'stderr' };
    this.#context.onLog({ requestId: head.id, level: 'warn', text, fields });
  }

  #leave(): void {
    this.#open--;
    if (this.#open === 0) this.#idle?.();
  }

  async #end(exit: WorkerExit): Promise<void> {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    await this.#source.close();
    this.#context.onExit(exit);
  }
}
