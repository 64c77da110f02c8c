/** One client connection: what its requests share, and what ends with it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FuncatronError } from '../errors.ts';
import { normalHost } from './host.ts';

const key: unique symbol = Symbol('connection');

type Tracked = Socket & { [key]?: Connection };

/** A request, as far as its connection is concerned. */
export interface Pending {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Its answer ends the connection: what comes after it is not looked at. */
  readonly isLast: boolean;
  /** The client went away. */
  abandon(): void;
  /** Whether the client takes too long to send its request. */
  isLate(now: number): boolean;
  /** The rest of the request is not to be understood. */
  refuse(fault: FuncatronError): void;
}

export class Connection {
  readonly socket: Socket;
  /** Address of the client; an IPv4 one as such, also on a socket for both. */
  readonly remote: string;
  /** The newest request; the answers to earlier ones leave before its own. */
  latest: Pending | undefined;
  /** The request taken and not answered; others beside it only when the client pipelines. */
  #pending: Pending | undefined;
  #others: Set<Pending> | undefined;
  #hostHeader = '';
  #host = '';
  #isEnding = false;

  constructor(socket: Socket) {
    this.socket = socket;
    const address = socket.remoteAddress ?? '';
    this.remote = address.startsWith('::ffff:') ? address.slice(7) : address;
    (socket as Tracked)[key] = this;
  }

  static of(socket: Socket): Connection {
    return (socket as Tracked)[key] ?? new Connection(socket);
  }

  /** A client asks for the same host all the time: the last one is kept. */
  host(header: string): string {
    if (header === this.#hostHeader) return this.#host;
    this.#host = normalHost(header);
    this.#hostHeader = header;
    return this.#host;
  }

  /** Nothing is due: every answer has left for the client. */
  get isIdle(): boolean {
    return this.latest?.response.writableFinished ?? true;
  }

  add(pending: Pending): void {
    this.latest = pending;
    if (this.#pending) (this.#others ??= new Set()).add(pending);
    else this.#pending = pending;
  }

  delete(pending: Pending): void {
    if (this.#pending === pending) this.#pending = undefined;
    else this.#others?.delete(pending);
  }

  /** The client went away. */
  abandon(): void {
    this.#pending?.abandon();
    for (const pending of this.#others ?? []) pending.abandon();
  }

  /**
   * The parser gave up: the request it was at gets the answer, or, when there is none yet, the
   * connection gets `bytes` after all answers that are due. Then it ends; later errors are echoes.
   */
  refuse(fault: FuncatronError, bytes: Buffer, lingerMs: number): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const { latest, socket } = this;
    const end = (): void => endWith(socket, bytes, lingerMs);
    if (!latest || this.isIdle) end();
    else if (latest.request.complete) latest.response.once('close', end);
    else latest.refuse(fault);
  }
}

/** A close with input unread is a reset, which may overtake the answer: the client closes first. */
function endWith(socket: Socket, bytes: Buffer, lingerMs: number): void {
  if (!socket.writable) return void socket.destroy();
  socket.end(bytes);
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(timer));
}
