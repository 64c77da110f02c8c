/**
 * The calls of one worker connection, by stream: requests out, answers in. A call is in the table
 * until the worker has ended it, also when its caller gave up before.
 */
import { FuncatronError } from '../errors.ts';
import type { Body, Reply } from '../message.ts';
import { callBody, callHead, failureOf } from './call-frame.ts';
import { readFailure, readReplyHead } from './payload.ts';
import { PendingCall } from './pending-call.ts';
import type { FuncLog, WorkerCall } from './runtime.ts';
import { Download, Upload } from './transfer.ts';
import { broken, frameType, readNumber, splitHead } from './wire.ts';
import type { FrameType, FrameWriter } from './wire.ts';

/** A body above this does not fit one frame with its head. */
const wholeBodyBytesMax = 16 * 1024 * 1024;
/** A body of this was not read together with anything else: see `FrameReader`. */
const soleBytesMin = 64 * 1024;
const streamMax = 0xffffffff;
const empty = new Uint8Array(0);

export class CallTable {
  /** Whether errors carry the Func's stack. */
  stacks = false;
  readonly #writer: FrameWriter;
  readonly #say: (line: () => FuncLog) => void;
  readonly #calls = new Map<number, PendingCall>();
  #lastStream = 0;

  constructor(writer: FrameWriter, say: (line: () => FuncLog) => void) {
    this.#writer = writer;
    this.#say = say;
  }

  get size(): number {
    return this.#calls.size;
  }

  requestId(stream: number): string | undefined {
    return this.#calls.get(stream)?.id;
  }

  open(call: WorkerCall): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (call.cancellation?.cancelled) return reject(cancelled());
      const stream = this.#freeStream();
      const pending = new PendingCall(stream, call, resolve, reject);
      this.#calls.set(stream, pending);
      call.cancellation?.onCancel(() => this.#abandon(pending, cancelled()));
      const body = callBody(call);
      if (body instanceof Uint8Array && body.length <= wholeBodyBytesMax)
        return this.#writer.sendBody(frameType.call, stream, callHead(call), body);
      this.#writer.sendBody(frameType.callOpen, stream, callHead(call), empty);
      void this.#upload(pending, body);
    });
  }

  /** Takes a frame about a call; throws `worker_protocol` at one that makes no sense. */
  take(type: FrameType, stream: number, payload: Buffer): void {
    const call = this.#calls.get(stream);
    switch (type) {
      case frameType.reply:
        return this.#onReply(stream, call, payload);
      case frameType.replyOpen:
        return this.#onReplyOpen(stream, call, payload);
      case frameType.data:
        return this.#onData(stream, call, payload);
      case frameType.end:
        return call?.download ? this.#end(call) : this.#answeredTwice(stream);
      case frameType.fail:
        return this.#onFail(stream, call, payload);
      case frameType.window:
        return call?.upload?.grant(readNumber(payload));
      default:
        throw broken(`a worker does not send frames of type ${type}`);
    }
  }

  /** Fails every call: the worker is gone. */
  fail(error: FuncatronError): void {
    for (const call of this.#calls.values()) {
      if (!call.abandoned) call.fail(error);
      this.#end(call);
    }
  }

  #onReply(stream: number, call: PendingCall | undefined, payload: Buffer): void {
    const { head, body } = splitHead(payload);
    const { status, headers } = readReplyHead(head);
    if (!call || call.download) return this.#answeredTwice(stream);
    this.#end(call);
    if (!call.abandoned) call.answer(status, headers, body, body.length >= soleBytesMin);
  }

  #onReplyOpen(stream: number, call: PendingCall | undefined, payload: Buffer): void {
    const { head, body } = splitHead(payload);
    const { status, headers } = readReplyHead(head);
    if (!call || call.download) return this.#answeredTwice(stream);
    const events = {
      onRead: (bytes: number) => this.#writer.sendNumber(frameType.window, stream, bytes),
      onLeave: () => this.#abandon(call, cancelled()),
    };
    const download = (call.download = new Download(events, true));
    if (call.abandoned) return;
    if (body.length > 0) download.push(body);
    call.answer(status, headers, download);
  }

  #onData(stream: number, call: PendingCall | undefined, payload: Buffer): void {
    if (!call?.download) return this.#answeredTwice(stream);
    if (!call.abandoned && !call.download.push(payload))
      throw broken('it sends more of a body than WINDOW allows');
  }

  #onFail(stream: number, call: PendingCall | undefined, payload: Buffer): void {
    const failure = readFailure(payload);
    if (!call) return this.#answeredTwice(stream);
    if (!call.abandoned) {
      const error = failureOf(call.operationId, failure, this.stacks);
      const { stack } = failure;
      // The Func's author gets the stack, whatever its caller is told.
      if (error.status >= 500 && typeof stack === 'string')
        this.#say(() => ({ level: 'error', requestId: call.id, text: stack }));
      call.fail(error);
    }
    this.#end(call);
  }

  #end(call: PendingCall): void {
    this.#calls.delete(call.stream);
    call.end();
  }

  #answeredTwice(stream: number): void {
    const text = `the worker answered call ${stream} of its connection more than once; ignored`;
    this.#say(() => ({ level: 'warn', text }));
  }

  /** Nobody waits for a call any more: the worker is told, and still ends it. */
  #abandon(call: PendingCall, error: unknown): void {
    if (call.abandoned || this.#calls.get(call.stream) !== call) return;
    call.abandoned = true;
    const reason = Date.now() >= call.deadline ? 'deadline' : 'caller';
    this.#writer.send(frameType.cancel, call.stream, JSON.stringify({ reason }));
    call.fail(error);
    call.upload?.stop();
  }

  async #upload(call: PendingCall, body: Body): Promise<void> {
    const upload = (call.upload = new Upload());
    try {
      const whole = await upload.run(
        body,
        (chunk) => this.#writer.send(frameType.data, call.stream, chunk),
        (act) => this.#writer.whenSent(act),
      );
      if (whole) this.#writer.send(frameType.end, call.stream);
    } catch (cause) {
      const text = `the request body broke off: ${(cause as Error | undefined)?.message}`;
      const known = cause instanceof FuncatronError;
      this.#abandon(call, known ? cause : new FuncatronError('cancelled', text, { cause }));
    }
  }

  #freeStream(): number {
    do this.#lastStream = this.#lastStream === streamMax ? 1 : this.#lastStream + 1;
    while (this.#calls.has(this.#lastStream));
    return this.#lastStream;
  }
}

const cancelled = (): FuncatronError =>
  new FuncatronError('cancelled', 'the call was given up: nobody waits for its answer');
