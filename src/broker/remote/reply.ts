/** Replies to callers; one that cannot be sent is dropped, as its caller's deadline is known to him. */
import type { FuncatronError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { encodePacket } from './packet.ts';
import type { ReplyPacket } from './packet.ts';
import type { Transport } from './transport.ts';

export class Replies {
  readonly #transport: Transport;
  readonly #log: Log;

  constructor(transport: Transport, log: Log) {
    this.#transport = transport;
    this.#log = log;
  }

  say(inbox: string, packet: ReplyPacket): void {
    this.send(inbox, encodePacket(packet));
  }

  fail(inbox: string, n: number, fault: FuncatronError): void {
    this.say(inbox, { t: 'fail', n, problem: fault.toProblem() });
  }

  send(inbox: string, bytes: Buffer): void {
    try {
      const sent = this.#transport.sendReply(inbox, bytes);
      sent?.catch((err: unknown) => this.#unsaid(err));
    } catch (err) {
      this.#unsaid(err);
    }
  }

  #unsaid(err: unknown): void {
    this.#log.debug({ err }, 'a reply could not be sent');
  }
}
