/** One caller at a listener: its body in, or a body out to it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { FuncatronError, toFault } from '../../errors.ts';
import { Cancellation } from '../../message.ts';
import type { Body, Reply } from '../../message.ts';
import { frameType } from './frame.ts';
import { Inlet } from './inlet.ts';
import { Outlet } from './outlet.ts';
import type { TakeBody } from './direct.ts';
import type { Watched } from './watch.ts';

export interface Served extends Watched {
  /** Breaks it, unless all it had to send is on its way; resolves when that has left. */
  close(): Promise<void>;
}

interface Limits {
  stallTimeoutMs: number;
}

/** Who reads has a limit of its own for its reader; this one is for those that are lost. */
const stallsMax = 2;

/** A whole reply body says so, and is whole at the other side. */
export interface ReplyFrame {
  head: Reply['head'];
  wholeBytes?: number;
}

abstract class Answering implements Served {
  readonly #closed: Promise<void>;
  protected readonly outlet: Outlet;
  protected readonly response: ServerResponse;
  protected readonly limits: Limits;

  constructor(response: ServerResponse, limits: Limits) {
    this.response = response;
    this.limits = limits;
    this.outlet = new Outlet(response);
    this.#closed = new Promise((resolve) => response.once('close', resolve));
  }

  beat(): void {
    this.outlet.beat();
  }

  close(): Promise<void> {
    if (!this.response.writableEnded) this.response.destroy();
    return this.#closed;
  }

  check(now: number): void {
    const isStalled = this.outlet.stalledMs(now) > stallsMax * this.limits.stallTimeoutMs;
    if (isStalled) this.response.destroy();
  }
}

/** Fetching: the request has no body, the response is the one that was offered. */
export class ServedFetch extends Answering {
  constructor(request: IncomingMessage, response: ServerResponse, limits: Limits, body: Body) {
    super(response, limits);
    request.resume();
    void this.outlet.pump(body);
  }
}

/** Sending: the request's body is taken, and the reply is the response. */
export class ServedSend extends Answering {
  readonly #inlet: Inlet;
  readonly #cancellation = new Cancellation();

  constructor(request: IncomingMessage, response: ServerResponse, limits: Limits, take: TakeBody) {
    super(response, limits);
    this.#inlet = new Inlet(request, {
      onLeave: () => this.outlet.write(frameType.enough),
      lost: gone,
    });
    response.once('close', () => {
      this.#inlet.break(gone());
      if (!response.writableFinished) this.#cancellation.cancel();
    });
    void this.#answer(take);
  }

  override check(now: number): void {
    super.check(now);
    if (this.#inlet.silentMs(now) <= this.limits.stallTimeoutMs) return;
    this.#inlet.break(gone());
    this.response.destroy();
  }

  async #answer(take: TakeBody): Promise<void> {
    try {
      const { head, body } = await take(this.#inlet.body, this.#cancellation);
      const wholeBytes = body instanceof Uint8Array ? body.byteLength : undefined;
      const frame: ReplyFrame = { head, wholeBytes };
      this.outlet.write(frameType.head, JSON.stringify(frame));
      await this.outlet.pump(body);
    } catch (thrown) {
      this.outlet.fail(toFault(thrown));
      this.response.end();
    }
    // Of a request that nobody reads any more, the rest is dropped as it comes.
    await this.#inlet.body.return();
  }
}

const gone = (): FuncatronError =>
  new FuncatronError('cancelled', 'the caller of a direct connection went away');
