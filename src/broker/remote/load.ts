/** What one process has in a queue: how much waits there, and whether more may. */
import type { FuncatronError } from '../../errors.ts';
import type { Call, Reply } from '../../message.ts';
import { full } from '../refusal.ts';
import type { Ticket } from './transport.ts';

/** One call that has no answer yet. */
export interface Pending extends Ticket {
  readonly n: number;
  readonly queue: string;
  readonly call: Call;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Only its head is sent: whoever takes it says where the body is to go. */
  readonly isOffer: boolean;
  /** Bytes of its body that go through the server. */
  readonly bytes: number;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
  isSent: boolean;
  /** Its direct connection settles it, whatever else happens. */
  isHeld: boolean;
  /** The process that has it in hand, where that is known. */
  takenBy: string | undefined;
  takerInbox: string | undefined;
}

interface Load {
  calls: number;
  bytes: number;
  taken: number;
}

export class Loads {
  readonly #waitingMax: number;
  readonly #bytesMax: number;
  readonly #loads = new Map<string, Load>();

  constructor(waitingMax: number, bytesMax: number) {
    this.#waitingMax = waitingMax;
    this.#bytesMax = bytesMax;
  }

  /** Why a call with so many bytes may not go in a queue now. */
  refusal(queue: string, bytes: number): FuncatronError | undefined {
    const load = this.#loads.get(queue);
    if (!load) return undefined;
    const place = { name: queue, consumers: 1 };
    if (load.calls - load.taken >= this.#waitingMax)
      return full(place, `${this.#waitingMax} calls wait (--queue-max)`);
    if (load.bytes + bytes > this.#bytesMax)
      return full(place, `bodies of ${this.#bytesMax} bytes wait (--queue-bytes-max)`);
    return undefined;
  }

  /** Calls that have no answer. */
  calls(queue: string): number {
    return this.#loads.get(queue)?.calls ?? 0;
  }

  add({ queue, bytes }: Pending): void {
    let load = this.#loads.get(queue);
    if (!load) this.#loads.set(queue, (load = { calls: 0, bytes: 0, taken: 0 }));
    load.calls++;
    load.bytes += bytes;
  }

  remove(pending: Pending): void {
    this.untake(pending);
    const load = this.#loads.get(pending.queue)!;
    load.calls--;
    load.bytes -= pending.bytes;
    if (load.calls === 0) this.#loads.delete(pending.queue);
  }

  take(pending: Pending, by: string, inbox: string): void {
    if (pending.takenBy === undefined) this.#loads.get(pending.queue)!.taken++;
    pending.takenBy = by;
    pending.takerInbox = inbox || undefined;
  }

  untake(pending: Pending): void {
    if (pending.takenBy !== undefined) this.#loads.get(pending.queue)!.taken--;
    pending.takenBy = undefined;
    pending.takerInbox = undefined;
  }
}
