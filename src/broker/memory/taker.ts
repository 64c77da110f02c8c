/** One consumer of a queue of the embedded broker. */
import type { CallHandler, Consumer } from '../broker.ts';
import type { Queue } from './queue.ts';

export class Taker implements Consumer {
  readonly queue: Queue;
  readonly handler: CallHandler;
  prefetch: number;
  inHand = 0;
  onIdle: (() => void) | undefined;

  constructor(queue: Queue, handler: CallHandler, prefetch: number) {
    this.queue = queue;
    this.handler = handler;
    this.prefetch = prefetch;
  }

  setPrefetch(prefetch: number): void {
    this.prefetch = prefetch;
    this.queue.pump();
  }

  async stop(): Promise<void> {
    this.queue.leave(this);
    if (this.inHand === 0) return;
    await new Promise<void>((resolve) => {
      const before = this.onIdle;
      this.onIdle = () => {
        before?.();
        resolve();
      };
    });
  }
}
