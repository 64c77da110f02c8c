/**
 * The control connection of a JVM: workers are opened and evicted there, and their ends are told.
 * `docs/worker-protocol.md` has its frames under "Processes that bundles share".
 */
import type { Socket } from 'node:net';
import { FuncatronError } from '../errors.ts';
import { readEnded, readHello } from './payload.ts';
import type { Ended } from './payload.ts';
import { FrameReader, FrameWriter, broken, frameType } from './wire.ts';
import type { FrameType } from './wire.ts';

export interface ControlEvents {
  onEnded(worker: number, ended: Ended): void;
  /** It speaks something else: nothing it says can be trusted. */
  onBroken(error: FuncatronError): void;
}

export class JvmControl {
  readonly #events: ControlEvents;
  readonly #socket: Socket;
  readonly #writer: FrameWriter;
  readonly #hello = Promise.withResolvers<void>();
  #isBroken = false;

  constructor(socket: Socket, events: ControlEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#writer = new FrameWriter(socket);
    const reader = new FrameReader((type, worker, payload) => this.#on(type, worker, payload));
    socket.on('data', (chunk: Buffer) => {
      if (this.#isBroken) return;
      try {
        reader.push(chunk);
      } catch (error) {
        this.#break(error as Error);
      }
    });
  }

  /** Resolves with the first frame. */
  greeted(): Promise<void> {
    return this.#hello.promise;
  }

  /** Has the process connect to `socket` as worker `worker`. */
  open(worker: number, socket: string): void {
    this.#writer.send(frameType.open, worker, JSON.stringify({ socket }));
  }

  evict(worker: number): void {
    this.#writer.send(frameType.evict, worker);
  }

  /** Has the process end once it has no worker. */
  drain(): void {
    this.#writer.send(frameType.drain, 0);
  }

  /** Whether this process is to live on for the connection's sake. */
  hold(isHeld: boolean): void {
    if (isHeld) this.#socket.ref();
    else this.#socket.unref();
  }

  #on(type: FrameType, worker: number, payload: Buffer): void {
    switch (type) {
      case frameType.hello:
        readHello(payload);
        return this.#hello.resolve();
      case frameType.ended:
        return this.#events.onEnded(worker, readEnded(payload));
      case frameType.pong:
        return undefined;
      default:
        throw broken(`frames of type ${type} do not belong on a control connection`);
    }
  }

  #break(thrown: Error): void {
    this.#isBroken = true;
    const error = thrown instanceof FuncatronError ? thrown : broken(thrown.message);
    this.#hello.reject(error);
    this.#events.onBroken(error);
  }
}
