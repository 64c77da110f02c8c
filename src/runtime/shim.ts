/**
 * The `shim` runtime: Funcs run in a program that has connected to `funcatron dev`, started by its
 * author and not by us. Its workers have no process; they live as long as that connection.
 */
import { FuncatronError } from '../errors.ts';
import type { Reply } from '../message.ts';
import type { Assigned, Assignment, FuncSpec, Runtime } from './runtime.ts';
import type { Worker, WorkerCall, WorkerEvents, WorkerExit } from './runtime.ts';
import { ShimDoor } from './shim-door.ts';
import type { ShimDoorOptions } from './shim-door.ts';
import { wentAway } from './shim-link.ts';
import type { ShimCall, ShimLink, ShimReply } from './shim-link.ts';
import { readShimReply } from './shim-reply.ts';
import { collectBody, requestMap } from './shim-request.ts';

export interface ShimRuntime extends Runtime {
  /** Who is connected now. */
  readonly link: ShimLink | undefined;
  /** Has shims connect to a port, 0 for any free one; resolves with it. Rejects with `address_in_use`. */
  listen(port: number): Promise<number>;
  close(): Promise<void>;
}

export function createShimRuntime(options: ShimDoorOptions): ShimRuntime {
  const door = new ShimDoor(options);
  return {
    kind: 'shim',
    warmable: false,
    start: async (_, events) => {
      const { link } = door;
      if (!link || link.isOver) throw wentAway();
      return new ShimWorker(link, events, options.lineBytesMax);
    },
    get link() {
      return door.link;
    },
    listen: (port) => door.listen(port),
    close: () => door.close(),
  };
}

class ShimWorker implements Worker {
  readonly pid = undefined;
  readonly #link: ShimLink;
  readonly #events: WorkerEvents;
  readonly #lineBytesMax: number;
  readonly #funcs = new Map<string, FuncSpec>();
  /** What waits for an answer, by its id at the link. */
  readonly #calls = new Map<string, ShimCall['settle']>();
  #assignment: Assignment | undefined;
  #state: 'open' | 'draining' | 'ended' = 'open';
  #idle: (() => void) | undefined;

  constructor(link: ShimLink, events: WorkerEvents, lineBytesMax: number) {
    this.#link = link;
    this.#events = events;
    this.#lineBytesMax = lineBytesMax;
    void link.gone.then(() => this.#end({ code: 0, signal: null, lastWords: wentAway().message }));
  }

  /** Those given up on are not counted: a Func that waits at a breakpoint makes no worker stale. */
  get open(): number {
    return this.#calls.size;
  }

  /** Its memory is its author's. */
  rssBytes(): number {
    return 0;
  }

  cpuMs(): number {
    return 0;
  }

  /** Which Funcs there are, only its author's program knows; it says so when they are called. */
  async assign(assignment: Assignment): Promise<Assigned> {
    this.#assignment = assignment;
    for (const func of assignment.funcs) this.#funcs.set(func.key ?? func.operationId, func);
    return { missing: [] };
  }

  async call(call: WorkerCall): Promise<Reply> {
    const { operationId, head } = call;
    if (call.cancellation?.cancelled) throw cancelled();
    const body = await collectBody(call.body, this.#lineBytesMax);
    if (this.#state !== 'open' || !this.#assignment) throw wentAway();
    const func = this.#funcs.get(head.operation ?? operationId) ?? this.#funcs.get(operationId);
    const req = requestMap(call, body, func, this.#assignment);
    const reply = await this.#ask(call, req);
    return readShimReply(reply, {
      id: head.id,
      operationId,
      stacks: this.#assignment.stacks,
      onFailure: (text) => this.#events.onLog({ level: 'error', requestId: head.id, text }),
    });
  }

  /** A Func that waits at a breakpoint blocks nobody but its caller. */
  async ping(): Promise<boolean> {
    return this.#state !== 'ended' && !this.#link.isOver;
  }

  async drain(): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'draining';
    if (this.#calls.size > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    this.#end({ code: 0, signal: null, lastWords: '' });
  }

  kill(): void {
    this.#end({ code: null, signal: 'SIGKILL', lastWords: '' });
  }

  #ask({ operationId, cancellation }: WorkerCall, req: object): Promise<ShimReply> {
    return new Promise((resolve, reject) => {
      if (cancellation?.cancelled) return reject(cancelled());
      const settle = (outcome: ShimReply | FuncatronError): void => {
        cancellation?.onCancel(undefined);
        this.#leave(id);
        if (outcome instanceof FuncatronError) reject(outcome);
        else resolve(outcome);
      };
      const id = this.#link.invoke({ operationId, settle }, req);
      this.#calls.set(id, settle);
      cancellation?.onCancel(() => {
        this.#link.forget(id);
        this.#leave(id);
        reject(cancelled());
      });
    });
  }

  #leave(id: string): void {
    this.#calls.delete(id);
    if (this.#calls.size === 0) this.#idle?.();
  }

  #end(exit: WorkerExit): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    for (const [id, settle] of this.#calls) {
      this.#link.forget(id);
      settle(wentAway());
    }
    this.#idle?.();
    this.#events.onExit(exit);
  }
}

const cancelled = (): FuncatronError =>
  new FuncatronError('cancelled', 'the call was given up before its answer came');
