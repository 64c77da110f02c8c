/** What a caller sends to, and takes from, one place. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import { FuncatronError } from '../../errors.ts';
import type { Body, Reply } from '../../message.ts';
import { Inlet } from './inlet.ts';
import { Outlet } from './outlet.ts';
import type { ReplyFrame } from './served.ts';
import type { Watched } from './watch.ts';

/** A reply that is whole at the other side is gathered up to this; above, it stays a stream. */
const wholeBytesMax = 16 * 2 ** 20;

export class DirectExchange implements Watched {
  readonly #request: ClientRequest;
  readonly #stallTimeoutMs: number;
  readonly #inlet: Inlet;
  readonly #head = Promise.withResolvers<ReplyFrame>();
  #outlet: Outlet | undefined;

  constructor(request: ClientRequest, response: IncomingMessage, stallTimeoutMs: number) {
    this.#request = request;
    this.#stallTimeoutMs = stallTimeoutMs;
    this.#head.promise.catch(() => undefined);
    this.#inlet = new Inlet(response, {
      onHead: (json) => this.#head.resolve(json as ReplyFrame),
      onEnough: () => this.#outlet?.stop(),
      onLeave: () => this.break(brokeOff('its body is read no further')),
      onOver: (fault) => this.#over(fault),
      lost: brokeOff,
    });
  }

  get body(): AsyncIterable<Uint8Array> {
    return this.#inlet.body;
  }

  /** Sends a request body. Rejects with what the body threw, or the other side, or `break`. */
  async send(body: Body): Promise<Reply> {
    this.#outlet = new Outlet(this.#request);
    void this.#outlet.pump(body).then((thrown) => {
      if (thrown === undefined) return;
      this.#head.reject(thrown);
      this.break(brokeOff('the request body broke off'));
    });
    const { head, wholeBytes } = await this.#head.promise;
    const isWhole = wholeBytes !== undefined && wholeBytes <= wholeBytesMax;
    return { head, body: isWhole ? await this.#gather(wholeBytes) : this.body };
  }

  /** Ends it now, on both sides. */
  break(fault: FuncatronError): void {
    this.#inlet.break(fault);
    this.#over(fault);
  }

  beat(): void {
    this.#outlet?.beat();
  }

  check(now: number): void {
    if (this.#inlet.silentMs(now) <= this.#stallTimeoutMs) return;
    this.break(brokeOff(`nothing was heard for over ${this.#stallTimeoutMs} ms (--stall-timeout)`));
  }

  /** The reply is whole, or will never be: nobody needs the rest of the request. */
  #over(fault: FuncatronError | undefined): void {
    this.#head.reject(fault ?? brokeOff('it ended without a reply'));
    this.#outlet?.stop();
    if (fault) this.#request.destroy();
  }

  async #gather(bytes: number): Promise<Uint8Array> {
    const whole = Buffer.allocUnsafe(bytes);
    let filled = 0;
    for await (const chunk of this.body) {
      if (filled + chunk.length > bytes) throw brokeOff('a reply is longer than it said');
      whole.set(chunk, filled);
      filled += chunk.length;
    }
    if (filled < bytes) throw brokeOff('a reply is shorter than it said');
    return whole;
  }
}

function brokeOff(why: string): FuncatronError {
  return new FuncatronError('direct_failed', `the direct connection broke off: ${why}`);
}
