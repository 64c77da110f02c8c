/**
 * Asynchronous calls at a runner: nobody waits for the reply, so the Trons are told of it. Its
 * notice is durable before the call is acknowledged: what ran is known, or runs again.
 */
import { makeCallback, makeNotice } from '../async-call.ts';
import type { Notice, NoticeKind, Publisher } from '../async-call.ts';
import { fromProblem, FuncatronError, toFault } from '../errors.ts';
import type { Log } from '../log.ts';
import { Cancellation, empty, tronQueues } from '../message.ts';
import type { Body, Call, Reply, Route } from '../message.ts';

/** Ids of cancelled calls remembered: those that wait in a queue are not begun when they come. */
const cancelledMax = 10_000;

/** A call that is in hand for so long is told of as running. */
const runningMs = 500;

export interface AsyncCallsOptions {
  broker: Publisher;
  log: Log;
  /** Bytes of a result's body that are kept and posted (`--result-max`). */
  resultBytesMax: number;
}

/** A body as far as it is kept. */
interface Result {
  bytes: Uint8Array;
  truncated: boolean;
}

export class AsyncCalls {
  readonly #options: AsyncCallsOptions;
  readonly #inHand = new Map<string, Cancellation>();
  /** When each was cancelled, oldest first: one accepted later than that is redriven. */
  readonly #cancelled = new Map<string, number>();

  constructor(options: AsyncCallsOptions) {
    this.#options = options;
  }

  /** Ends the calls that are in hand, and begins none of the others. */
  cancel(ids: readonly string[]): void {
    for (const id of ids) {
      this.#cancelled.delete(id);
      this.#cancelled.set(id, Date.now());
      this.#inHand.get(id)?.cancel();
    }
    for (const id of this.#cancelled.keys()) {
      if (this.#cancelled.size <= cancelledMax) break;
      this.#cancelled.delete(id);
    }
  }

  /**
   * Has a call run and tells what became of it. A reply of 500 or above is a failed try: this
   * rejects with it, and so it does with whatever `run` rejects with.
   */
  async handle(call: Call, route: Route, run: (call: Call) => Promise<Reply>): Promise<Reply> {
    const { head } = call;
    if (this.#isCancelled(call)) return this.#drop(call, route);
    const cancellation = new Cancellation();
    call.cancellation = cancellation;
    this.#inHand.set(head.id, cancellation);
    const begunAtMs = performance.now();
    const lasting = setTimeout(() => this.#tellRunning(call, route), runningMs);
    let reply: Reply;
    let result: Result;
    try {
      reply = await run(call);
      result = await keep(reply.body, this.#options.resultBytesMax);
      assertGood(call, reply);
    } catch (thrown) {
      if (cancellation.cancelled && this.#isCancelled(call)) return this.#drop(call, route);
      await this.#tellFailed(call, route, toFault(thrown));
      throw thrown;
    } finally {
      clearTimeout(lasting);
      if (this.#inHand.get(head.id) === cancellation) this.#inHand.delete(head.id);
    }
    await this.#tellDone(call, route, reply, result, performance.now() - begunAtMs);
    return nothing(head.id);
  }

  #isCancelled({ head: { id, async } }: Call): boolean {
    return async!.acceptedAt <= (this.#cancelled.get(id) ?? -Infinity);
  }

  async #drop(call: Call, route: Route): Promise<Reply> {
    await this.#tell('cancelled', noticeOf(call, route));
    return nothing(call.head.id);
  }

  #tellRunning(call: Call, route: Route): void {
    this.#tell('running', noticeOf(call, route)).catch((err: unknown) => {
      this.#options.log.debug({ err, requestId: call.head.id }, 'it was not told that a call runs');
    });
  }

  /** The next try may tell more; that this was not told is no reason to fail in another way. */
  async #tellFailed(call: Call, route: Route, fault: FuncatronError): Promise<void> {
    const { stack: _stack, headers: _headers, ...error } = fault.toProblem();
    const notice = noticeOf(call, route);
    const tries = call.head.async!.tries + 1;
    await this.#tell('failed-try', { ...notice, tries, error }).catch((err: unknown) => {
      this.#options.log.warn({ err, requestId: call.head.id }, 'a failed try could not be told');
    });
  }

  async #tellDone(call: Call, route: Route, reply: Reply, result: Result, durationMs: number) {
    const { status, headers } = reply.head;
    const tell = async ({ bytes, truncated }: Result): Promise<void> => {
      const notice = { ...noticeOf(call, route), reply: { status, headers, truncated } };
      const contentType = textOf(headers['content-type']);
      const answer = { status, contentType, body: bytes, durationMs, truncated };
      const told = [this.#tell('done', notice, bytes)];
      if (call.head.async!.callback !== undefined)
        told.push(
          this.#options.broker.publish(tronQueues.callbacks, makeCallback(call.head, answer)),
        );
      await Promise.all(told);
    };
    try {
      await tell(result);
    } catch (thrown) {
      // Some brokers take less than `--result-max`.
      if (toFault(thrown).status !== 413) throw thrown;
      await tell({ bytes: empty, truncated: true });
    }
  }

  async #tell(kind: NoticeKind, notice: Notice, result?: Uint8Array): Promise<void> {
    await this.#options.broker.publish(tronQueues.calls, makeNotice(kind, notice, result));
  }
}

function noticeOf({ head }: Call, { queue, name: bundle }: Route): Notice {
  const { id, method, path, operation, async } = head;
  const { acceptedAt, tries, callback } = async!;
  const about: Notice = { id, acceptedAt, at: Date.now(), queue, bundle, method, path, tries };
  if (operation !== undefined) about.operation = operation;
  if (callback !== undefined) about.callback = callback;
  return about;
}

/** What is over the limit is read to its end, for that is the end of the call, and let go. */
async function keep(body: Body, bytesMax: number): Promise<Result> {
  if (body instanceof Uint8Array)
    return body.length > bytesMax
      ? { bytes: empty, truncated: true }
      : { bytes: body, truncated: false };
  let chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size <= bytesMax) chunks.push(chunk);
    else chunks = [];
  }
  return { bytes: Buffer.concat(chunks), truncated: size > bytesMax };
}

function assertGood({ head }: Call, { head: { status, error } }: Reply): void {
  if (error) throw fromProblem(error);
  if (status < 500) return;
  const detail = `${head.operation ?? head.path} answered ${status}`;
  throw new FuncatronError('func_failed', detail, { status });
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function nothing(id: string): Reply {
  return { head: { v: 1, action: 'answer', id, status: 204, headers: {} }, body: empty };
}
