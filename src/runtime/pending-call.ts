/**
 * One call at a worker. It waits for its answer; once that begins in chunks, it is streaming; when
 * its caller gave up, it is abandoned, and whatever still comes is dropped. The worker ends it in
 * every case, with REPLY, END or FAIL.
 */
import type { Headers, Reply } from '../message.ts';
import type { WorkerCall } from './runtime.ts';
import type { Download, Upload } from './transfer.ts';

type Resolve = (reply: Reply) => void;
type Reject = (error: unknown) => void;

export class PendingCall {
  readonly stream: number;
  readonly operationId: string;
  readonly id: string;
  /** The request body, while it goes. */
  upload: Upload | undefined;
  /** The response body, once it comes in chunks. */
  download: Download | undefined;
  abandoned = false;
  readonly #call: WorkerCall;
  readonly #resolve: Resolve;
  readonly #reject: Reject;

  constructor(stream: number, call: WorkerCall, resolve: Resolve, reject: Reject) {
    this.stream = stream;
    this.operationId = call.operationId;
    this.id = call.head.id;
    this.#call = call;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Moves on while a request body comes in chunks. */
  get deadline(): number {
    return this.#call.head.deadline;
  }

  /** Gives the caller an answer, whole or to be read. */
  answer(status: number, headers: Headers, body: Reply['body'], isSole = false): void {
    const { id } = this;
    this.#resolve({ head: { v: 1, action: 'answer', id, status, headers }, body, isSole });
  }

  /** Fails the call, or breaks the answer that has begun. */
  fail(error: unknown): void {
    if (this.download) this.download.break(error);
    else this.#reject(error);
  }

  /** Nothing more comes of this call. */
  end(): void {
    this.upload?.stop();
    this.download?.end();
    if (this.#call.cancellation) this.#call.cancellation.onCancel(undefined);
  }
}
