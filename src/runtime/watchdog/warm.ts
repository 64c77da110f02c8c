/**
 * Mode `warm`: programs that are kept alive between calls. A call takes a free one, the one used
 * last first; with none free another is started, up to the limit; beyond that calls wait in order.
 */
import { FuncatronError } from '../../errors.ts';
import type { Headers, Reply } from '../../message.ts';
import { sniffType } from '../../watchdog/sniff.ts';
import { measureLargest } from '../program-memory.ts';
import type { WorkerCall, WorkerExit } from '../runtime.ts';
import { cancelled, collectBody, ended, replyBytesMaxDefault } from './mode.ts';
import { callersType, requestLine, setType, showSeconds, textReply } from './mode.ts';
import type { Mode, ModeContext } from './mode.ts';
import { ProgramSource } from './program-source.ts';
import { WarmProcess } from './warm-process.ts';

interface Waiter {
  take: (process: WarmProcess | undefined) => void;
}

export class WarmMode implements Mode {
  readonly #context: ModeContext;
  readonly #source: ProgramSource;
  readonly #live = new Set<WarmProcess>();
  /** The one used last comes last. */
  readonly #free: WarmProcess[] = [];
  readonly #waiting: Waiter[] = [];
  readonly #idleTimers = new Map<WarmProcess, NodeJS.Timeout>();
  #starting = 0;
  #closing = 0;
  #open = 0;
  #state: 'open' | 'draining' | 'ended' = 'open';
  #idle: (() => void) | undefined;

  private constructor(context: ModeContext) {
    this.#context = context;
    this.#source = new ProgramSource(context);
  }

  static async open(context: ModeContext): Promise<WarmMode> {
    const mode = new WarmMode(context);
    await mode.#source.open();
    return mode;
  }

  get pid(): number | undefined {
    const [first] = this.#live;
    return first && (this.#source.pid ?? first.pid);
  }

  get open(): number {
    return this.#open;
  }

  /** Of the largest program: the limit is each one's own. */
  rssBytes(): number {
    return measureLargest(this.#live, this.#context.assignment.memoryBytesMax);
  }

  cpuMs(): number {
    return this.#source.cpuMs();
  }

  async call(call: WorkerCall): Promise<Reply> {
    if (this.#state !== 'open') throw ended();
    const { settings } = this.#context;
    const { cancellation } = call;
    this.#open++;
    let isRunning = false;
    try {
      const body = await collectBody(call.body, settings.bodyBytesMax);
      const process = await this.#take(call);
      if (typeof process === 'string') {
        this.#context.onLog({ requestId: call.head.id, level: 'error', text: process });
        return textReply(call, 500, `${process}\n`);
      }
      // Nothing is awaited between taking a process and having it run the call.
      if (cancellation?.cancelled || this.#isEnded) {
        this.#giveBack(process);
        throw this.#isEnded ? ended() : cancelled();
      }
      isRunning = true;
      return await this.#run(process, call, body);
    } finally {
      if (!isRunning) this.#leave();
    }
  }

  async ping(): Promise<boolean> {
    return this.#state !== 'ended';
  }

  async drain(): Promise<void> {
    if (this.#state === 'ended') return;
    this.#state = 'draining';
    if (this.#open > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    await Promise.all([...this.#live].map((process) => process.close()));
    await this.#end({ code: 0, signal: null, lastWords: '' });
  }

  kill(): void {
    for (const { take } of this.#waiting.splice(0)) take(undefined);
    for (const process of this.#live) process.abort(ended(), true);
    void this.#end({ code: null, signal: 'SIGKILL', lastWords: '' });
  }

  get #isEnded(): boolean {
    return this.#state === 'ended';
  }

  get #processesMax(): number {
    const { settings, assignment } = this.#context;
    return settings.warmProcesses ?? assignment.concurrency;
  }

  async #run(process: WarmProcess, call: WorkerCall, body: Uint8Array): Promise<Reply> {
    const { settings, onLog } = this.#context;
    const { execTimeoutMs } = settings;
    const startedMs = performance.now();
    const late = (): void => process.abort(tooLate(this.#context));
    const timer = execTimeoutMs > 0 ? setTimeout(late, execTimeoutMs) : undefined;
    call.cancellation?.onCancel(() => process.abort(cancelled()));
    const answered = process.run(call, body, () => {
      clearTimeout(timer);
      call.cancellation?.onCancel(undefined);
      this.#giveBack(process);
      this.#leave();
    });
    const reply = await answered;
    const ms = performance.now() - startedMs;
    const { status, headers } = reply.head;
    const bytes =
      reply.body instanceof Uint8Array ? reply.body.length : Number(headers['content-length']);
    onLog({
      ...{ requestId: call.head.id, level: 'info' },
      text: requestLine(call, status, bytes, ms, settings),
    });
    headers['x-duration-seconds'] ??= showSeconds(ms);
    return reply;
  }

  /** A process of its own for a call, or why there is none, as Go says it. */
  async #take(call: WorkerCall): Promise<WarmProcess | string> {
    for (;;) {
      const free = this.#free.pop();
      if (free) clearTimeout(this.#idleTimers.get(free));
      if (free?.isFree) return free;
      if (free) continue;
      if (this.#live.size + this.#starting < this.#processesMax) return this.#start();
      const given = await this.#wait(call);
      if (given) return given;
      if (this.#isEnded) throw ended();
    }
  }

  #wait({ cancellation }: WorkerCall): Promise<WarmProcess | undefined> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { take: resolve };
      this.#waiting.push(waiter);
      cancellation?.onCancel(() => {
        const at = this.#waiting.indexOf(waiter);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(cancelled());
      });
    });
  }

  async #start(): Promise<WarmProcess | string> {
    const { assignment, settings, options, command, onLog } = this.#context;
    this.#starting++;
    try {
      const found = await this.#source.find();
      if (typeof found === 'string') return found;
      const spec = { ...found, cwd: assignment.dir, env: {}, stdin: true };
      const program = await this.#source.spawner.spawn(spec);
      const process: WarmProcess = new WarmProcess({
        program,
        name: command[0]!,
        gate: this.#source.gate,
        lineBytesMax: settings.lineBytesMax,
        replyBytesMax: options.replyBytesMax ?? replyBytesMaxDefault,
        usual: (call, known) => this.#usualHeaders(call, known),
        onLine: (text, requestId) => {
          const of = requestId === undefined ? {} : { requestId };
          onLog({ ...of, level: 'warn', text, fields: { stream: 'stderr' } });
        },
        onOver: (why) => this.#forget(process, why),
      });
      this.#live.add(process);
      return process;
    } catch (cause) {
      const detail = `"${command[0]}" could not be started: ${(cause as Error).message}`;
      throw new FuncatronError('worker_start_failed', detail, { cause });
    } finally {
      this.#starting--;
    }
  }

  /** As in mode classic: what is set, else the caller's, else what the bytes look like. */
  #usualHeaders(call: WorkerCall, known: Buffer): Headers {
    const set = setType(this.#context, call);
    return { 'content-type': set ?? callersType(call) ?? sniffType(known) };
  }

  #giveBack(process: WarmProcess): void {
    if (process.isFree) {
      const next = this.#waiting.shift();
      if (next) return next.take(process);
      this.#free.push(process);
      this.#watchIdle(process);
    } else this.#callNext();
  }

  #leave(): void {
    this.#open--;
    if (this.#open === 0) this.#idle?.();
  }

  /** One of several ends when nobody has called it for a while. */
  #watchIdle(process: WarmProcess): void {
    const end = (): void => {
      const at = this.#free.indexOf(process);
      if (at < 0 || this.#live.size - this.#closing === 1) return;
      this.#free.splice(at, 1);
      this.#closing++;
      void process.close().then(() => this.#closing--);
    };
    const timer = setTimeout(end, this.#context.settings.warmIdleMs);
    timer.unref();
    this.#idleTimers.set(process, timer);
  }

  #forget(process: WarmProcess, why: string | undefined): void {
    if (why !== undefined) this.#context.onLog({ level: 'error', text: why });
    if (!this.#live.delete(process)) return;
    this.#source.forget();
    clearTimeout(this.#idleTimers.get(process));
    this.#idleTimers.delete(process);
    const at = this.#free.indexOf(process);
    if (at >= 0) this.#free.splice(at, 1);
    this.#callNext();
  }

  /** There is room for another process: whoever waits first may start it. */
  #callNext(): void {
    if (this.#live.size + this.#starting < this.#processesMax)
      this.#waiting.shift()?.take(undefined);
  }

  async #end(exit: WorkerExit): Promise<void> {
    if (this.#isEnded) return;
    this.#state = 'ended';
    for (const timer of this.#idleTimers.values()) clearTimeout(timer);
    await this.#source.close();
    this.#context.onExit(exit);
  }
}

function tooLate({ settings, command }: ModeContext): FuncatronError {
  const limit = `exec_timeout (${settings.execTimeoutMs / 1000}s)`;
  const detail = `"${command[0]}" did not answer within ${limit}; it is ended and started anew`;
  return new FuncatronError('func_timeout', detail);
}
