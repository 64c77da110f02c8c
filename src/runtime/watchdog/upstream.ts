/**
 * Mode `http`: the program serves HTTP itself. It is started once, and calls are forwarded as the
 * `http` runtime does it, with the statuses and headers of OpenFaaS's newer watchdog.
 */
import { FuncatronError, toFault } from '../../errors.ts';
import { WatchedBody } from '../../lending.ts';
import { Cancellation, empty } from '../../message.ts';
import type { Reply } from '../../message.ts';
import { parseGoDuration } from '../../watchdog/go.ts';
import type { WatchdogSettings } from '../../watchdog/setting.ts';
import { callerHeaders } from '../http-header.ts';
import type { Forward } from '../http-header.ts';
import { createHttpRuntime } from '../http.ts';
import type { Worker, WorkerCall } from '../runtime.ts';
import { cancelled, collectBody, reply, requestLine, showSeconds, uriOf } from './mode.ts';
import type { Mode, ModeContext } from './mode.ts';

/** Answers that have no end of their own: their time is up only while there is none. */
const endless = /^(text\/event-stream|application\/x-ndjson)\b/;

export class UpstreamMode implements Mode {
  readonly #context: ModeContext;
  readonly #worker: Worker;

  private constructor(context: ModeContext, worker: Worker) {
    this.#context = context;
    this.#worker = worker;
  }

  static async open(context: ModeContext): Promise<UpstreamMode> {
    const { settings, env, command, options, assignment, onLog, onExit } = context;
    const { upstream } = settings;
    const runtime = createHttpRuntime({
      forward: (call) => forward(call, settings),
      variables: () => env,
      ...(upstream && { upstream: placeOf(upstream) }),
      portVariables: (port) => ({
        PORT: String(port),
        http_port: String(port),
        http_upstream_url: `http://127.0.0.1:${port}`,
      }),
    });
    const worker = await runtime.start(options, {
      onExit,
      onLog: (line) =>
        onLog({ ...line, fields: { stream: line.level === 'info' ? 'stdout' : 'stderr' } }),
    });
    await worker.assign({ ...assignment, command: [...command] });
    return new UpstreamMode(context, worker);
  }

  get pid(): number | undefined {
    return this.#worker.pid;
  }

  get open(): number {
    return this.#worker.open;
  }

  rssBytes(): number {
    return this.#worker.rssBytes();
  }

  cpuMs(): number {
    return this.#worker.cpuMs();
  }

  async call(call: WorkerCall): Promise<Reply> {
    const { settings, onLog } = this.#context;
    const timeoutMs = timeoutOf(call, settings);
    const startedMs = performance.now();
    const buffered = settings.bufferRequestBody && !call.head.upgrade;
    const body = buffered ? await collectBody(call.body, settings.bodyBytesMax) : call.body;
    const answer = await this.#forward({ ...call, body }, timeoutMs);
    const ms = performance.now() - startedMs;
    const { status, headers } = answer.head;
    headers['x-duration-seconds'] = showSeconds(ms);
    const bytes =
      answer.body instanceof Uint8Array
        ? answer.body.length
        : Number(headers['content-length'] ?? 0);
    const text = requestLine(call, status, bytes, ms, settings);
    onLog({ requestId: call.head.id, level: 'info', text });
    return answer;
  }

  ping(timeoutMs: number): Promise<boolean> {
    return this.#worker.ping(timeoutMs);
  }

  drain(): Promise<void> {
    return this.#worker.drain();
  }

  kill(): void {
    this.#worker.kill();
  }

  /** The program's answer, 504 where it is late, 500 where it hangs up. */
  async #forward(call: WorkerCall, timeoutMs: number): Promise<Reply> {
    const own = new Cancellation();
    let isLate = false;
    const late = (): void => {
      isLate = true;
      own.cancel();
    };
    const timer = timeoutMs > 0 ? setTimeout(late, timeoutMs) : undefined;
    call.cancellation?.onCancel(() => own.cancel());
    try {
      const answer = await this.#worker.call({ ...call, cancellation: own });
      if (answer.body instanceof Uint8Array || isEndless(call, answer)) clearTimeout(timer);
      else answer.body = new WatchedBody(answer.body, () => clearTimeout(timer));
      return answer;
    } catch (thrown) {
      clearTimeout(timer);
      return this.#failure(call, toFault(thrown), isLate);
    }
  }

  #failure(call: WorkerCall, fault: FuncatronError, isLate: boolean): Reply {
    const isSilent = fault.code === 'func_failed';
    if (fault.code === 'cancelled' && !isLate) throw cancelled();
    if (!isLate && !isSilent) throw fault;
    const text = isLate ? 'the program did not answer within exec_timeout' : fault.message;
    this.#context.onLog({ requestId: call.head.id, level: 'error', text });
    return reply(call, isLate ? 504 : 500, { 'x-openfaas-internal': 'of-watchdog' }, empty);
  }
}

function forward(call: WorkerCall, { upstream }: WatchdogSettings): Forward {
  const base = upstream?.pathname.replace(/\/$/, '') ?? '';
  const headers = callerHeaders(call);
  if (call.head.headers['x-request-id'] === undefined) headers.push('x-request-id', call.head.id);
  return { path: base + uriOf(call), headers };
}

function placeOf({ hostname, port }: URL): { host: string; port: number } {
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || 80) };
}

/** `X-Timeout` shortens what is set. Throws `bad_request` for one that is no time. */
function timeoutOf({ head }: WorkerCall, { execTimeoutMs }: WatchdogSettings): number {
  const given = [head.headers['x-timeout']].flat()[0];
  if (given === undefined) return execTimeoutMs;
  const ms = parseGoDuration(given);
  if (ms === undefined || ms === 0)
    throw new FuncatronError(
      'bad_request',
      `X-Timeout is no time such as 5s: ${given.slice(0, 40)}`,
    );
  return execTimeoutMs > 0 ? Math.min(ms, execTimeoutMs) : ms;
}

function isEndless({ head }: WorkerCall, answer: Reply): boolean {
  const types = [answer.head.headers['content-type'], head.headers['accept']].flat();
  return (
    answer.head.status === 101 || types.some((type) => type !== undefined && endless.test(type))
  );
}
