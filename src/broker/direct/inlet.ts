/** The receiving half of a direct connection: a body, as its frames come. */
import type { Readable } from 'node:stream';
import { fromProblem } from '../../errors.ts';
import type { FuncatronError } from '../../errors.ts';
import { Inflow } from '../../inflow.ts';
import type { Problem } from '../../message.ts';
import { FrameParser, frameType } from './frame.ts';

export interface InletEvents {
  onHead?(json: unknown): void;
  /** The other side wants no more of our body. */
  onEnough?(): void;
  /** The body's reader left before its end. */
  onLeave(): void;
  /** Nothing more comes: undefined when the body came whole. Once. */
  onOver?(error: FuncatronError | undefined): void;
  /** What it means that the other side is gone. */
  lost(why: string): FuncatronError;
}

export class Inlet {
  /** Throws what the other side's body threw, or `direct_failed`. */
  readonly body: Inflow;
  readonly #source: Readable;
  readonly #events: InletEvents;
  #heardAt = Date.now();
  #isOver = false;

  constructor(source: Readable, events: InletEvents) {
    this.#source = source;
    this.#events = events;
    this.body = new Inflow({
      onRoom: () => {
        this.#heardAt = Date.now();
        source.resume();
      },
      onLeave: () => {
        source.resume();
        events.onLeave();
      },
    });
    const parser = new FrameParser({
      onFrame: (type, json) => this.#onFrame(type, json),
      onData: (chunk) => void (this.body.push(chunk) || source.pause()),
    });
    source.on('data', (chunk: Buffer) => {
      this.#heardAt = Date.now();
      try {
        parser.push(chunk);
      } catch (thrown) {
        this.break(thrown as FuncatronError);
        source.destroy();
      }
    });
    source.on('error', () => undefined);
    source.on('end', () => this.break(events.lost('it ended without its end')));
    source.on('close', () => this.break(events.lost('the other side is gone')));
  }

  /** For how long nothing was heard although we listen, in milliseconds. */
  silentMs(now: number): number {
    return this.#isOver || this.#source.isPaused() ? 0 : now - this.#heardAt;
  }

  /** Nothing that still comes counts. */
  break(error: FuncatronError): void {
    this.#over(error);
  }

  #onFrame(type: number, json: unknown): void {
    if (type === frameType.end) this.#over(undefined);
    else if (type === frameType.fault) this.#over(fromProblem(json as Problem));
    else if (type === frameType.head) this.#events.onHead?.(json);
    else if (type === frameType.enough) this.#events.onEnough?.();
  }

  #over(error: FuncatronError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (error) this.body.break(error);
    else this.body.end();
    // What HTTP has to say after our end has to be read, too.
    this.#source.resume();
    this.#events.onOver?.(error);
  }
}
