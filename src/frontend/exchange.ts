/** One request at the door and its answer: what is known of it so far, and how it ends. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { FuncatronError } from '../errors.ts';
import { Cancellation, empty } from '../message.ts';
import type { Headers, Identity, Params } from '../message.ts';
import type { Contract, Operation } from '../openapi/contract.ts';
import { answerFault } from './answer.ts';
import type { Cors } from './cors.ts';
import type { Connection, Pending } from './connection.ts';
import type { Door } from './door.ts';
import type { OperationDoor, RouteEntry } from './entry.ts';
import type { OperationMeter } from './meter.ts';
import { stalled } from './request-stream.ts';
import type { RequestStream } from './request-stream.ts';
import { endIfIdle } from './upgrade.ts';
import type { Upgrade } from './upgrade.ts';

export class Exchange implements Pending {
  readonly door: Door;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly connection: Connection;
  readonly id: string;
  readonly headers: Headers;
  readonly method: string;
  readonly startedMs = performance.now();
  readonly cancellation = new Cancellation();
  host = '';
  path = '';
  query = '';
  /** Declared length of the body; see `declaredLength`. */
  declared = 0;
  /** The client waits for our word before it sends the body (RFC 9110 section 10.1.1). */
  awaitsContinue = false;
  /** What the steps of `serve` find, one after the other. */
  entry: RouteEntry | undefined;
  contract!: Contract;
  operation!: Operation;
  own!: OperationDoor;
  /** Of a named operation, set before its turn. */
  raw: Record<string, string | undefined> | undefined;
  /** The path below the base path. */
  rest = '/';
  auth: Identity | undefined;
  params!: Params;
  body: Uint8Array = empty;
  /** Set where the client asks for another protocol. */
  upgrade: Upgrade | undefined;
  /** The body, where it is passed on as it comes. */
  stream: RequestStream | undefined;
  cors: Cors | undefined;
  meter: OperationMeter | undefined;
  /** Its operation is named, not matched: answered 202, whatever the contract says. */
  isNamed = false;
  /** It is called as a function: what OpenFaaS's callers look for is in its answer. */
  isFunction = false;
  /** Of an asynchronous call that was accepted. */
  callId: string | undefined;
  /** The connection ends with this answer. */
  isLast = false;
  /** The call was handed to the broker: errors from here on are not the door's. */
  queued = false;
  /** Answered to the end, or abandoned. */
  ended = false;

  constructor(
    door: Door,
    connection: Connection,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    this.door = door;
    this.connection = connection;
    this.request = request;
    this.response = response;
    this.headers = request.headers as Headers;
    this.method = request.method!;
    this.id = door.ids.choose(this.headers['x-request-id']);
    connection.add(this);
    door.meter.inFlight++;
  }

  /** The whole answer is on its way, or never will be. Counts once. */
  end(status: number): void {
    if (this.ended) return;
    this.ended = true;
    const { door, meter } = this;
    door.meter.inFlight--;
    meter?.end(status, (performance.now() - this.startedMs) / 1000);
    if (door.options.accessLog) this.#logAccess(status);
    this.connection.delete(this);
  }

  /** The client went away: whoever works for it is told. */
  abandon(): void {
    this.cancellation.cancel();
    this.stream?.body.break(new FuncatronError('cancelled', 'the client went away'));
    this.end(499);
  }

  /** Also gives up a body that is passed on, when the client sends no more of it. */
  isLate(now: number): boolean {
    const { stallTimeoutMs, requestTimeoutMs } = this.door.options;
    const { stream, request, response, upgrade } = this;
    if (upgrade) {
      endIfIdle(this, upgrade, now);
      return false;
    }
    if (stream?.isStalled(now, stallTimeoutMs)) {
      this.isLast = true;
      stream.body.break(stalled(stallTimeoutMs));
    }
    if (request.complete || response.headersSent || this.declared === 0) return false;
    if (this.ended || stream?.isUnhurried) return false;
    return performance.now() - this.startedMs > requestTimeoutMs;
  }

  /** The rest of the request is not to be understood: that is the answer, unless one has begun. */
  refuse(fault: FuncatronError): void {
    this.stream?.body.break(fault);
    if (this.response.headersSent) return;
    this.isLast = true;
    this.cancellation.cancel();
    answerFault(this, fault);
  }

  /** What every log line of this call carries. */
  get logFields(): Record<string, unknown> {
    const { callId } = this;
    const route = this.entry?.route;
    const ids = { requestId: this.id, ...(callId !== undefined && { callId }) };
    return { ...ids, ...(route && { bundle: route.name, sha: route.sha }) };
  }

  #logAccess(status: number): void {
    const ms = Math.round((performance.now() - this.startedMs) * 1000) / 1000;
    const { method, path, connection } = this;
    this.door.log.info(
      { ...this.logFields, method, path, status, ms, remote: connection.remote },
      'answered',
    );
  }
}
