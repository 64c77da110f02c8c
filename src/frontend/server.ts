/** Node's HTTP server with every bound set, and errors of the protocol answered as problems. */
import { once } from 'node:events';
import { createServer, ServerResponse as Response } from '../node-http.ts';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { FuncatronError } from '../errors.ts';
import { Connection } from './connection.ts';
import type { Door } from './door.ts';
import { Exchange } from './exchange.ts';
import { explainClientError } from './malformed.ts';
import { rawResponse } from './problem.ts';
import { serve } from './serve.ts';
import { asksForUpgrade } from './upgrade.ts';
import { answerFault } from './answer.ts';

export interface ListenOptions {
  /** 0 takes a free one. */
  port: number;
  host: string;
}

const drainCheckMs = 20;

export class DoorServer {
  readonly #door: Door;
  readonly #http: Server;
  readonly #connections = new Set<Connection>();
  #sweep: NodeJS.Timeout | undefined;
  #host = '';

  constructor(door: Door) {
    this.#door = door;
    const { options } = door;
    this.#http = createServer({
      // Node counts the request line in, and answers nothing that says which of the two it was.
      maxHeaderSize: options.headersMax + options.uriMax,
      headersTimeout: Math.min(options.headersTimeoutMs, options.requestTimeoutMs),
      // Bodies that are passed on may take longer: watched here.
      requestTimeout: 0,
      keepAliveTimeout: options.keepAliveMs,
      connectionsCheckingInterval: Math.min(5_000, Math.ceil(options.headersTimeoutMs / 2)),
      // Whatever else a client would rather speak, it is answered in HTTP.
      shouldUpgradeCallback: asksForUpgrade,
      // Checked with our own words.
      requireHostHeader: false,
    });
    // Node drops further headers in silence; their bytes are bounded.
    this.#http.maxHeadersCount = 0;
    this.#http.maxConnections = options.connectionsMax;
    this.#attach();
  }

  get url(): string {
    const address = this.#http.address() as AddressInfo | null;
    if (!address) return '';
    const any = this.#host === '0.0.0.0' || this.#host === '::' || this.#host === '';
    const host = any ? 'localhost' : this.#host.includes(':') ? `[${this.#host}]` : this.#host;
    return `http://${host}:${address.port}`;
  }

  /** Rejects with `address_in_use`, or `option_invalid` for an address this machine has not. */
  async listen({ port, host }: ListenOptions): Promise<void> {
    this.#host = host;
    await new Promise<void>((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException): void => reject(listenFault(error, port, host));
      this.#http.once('error', fail);
      this.#http.listen({ port, host, backlog: 1024 }, () => {
        this.#http.off('error', fail);
        resolve();
      });
    });
    this.#http.on('error', (err) => this.#door.log.error({ err }, 'the HTTP server failed'));
    const { stallTimeoutMs, requestTimeoutMs } = this.#door.options;
    const sweepMs = Math.min(5_000, Math.ceil(Math.min(stallTimeoutMs, requestTimeoutMs) / 2));
    this.#sweep = setInterval(() => this.#watch(), sweepMs).unref();
  }

  /** Accepts no more, lets calls in flight end up to `drainMs`, then breaks what is left. */
  async close(): Promise<void> {
    this.#door.draining = true;
    for (const leave of this.#door.followers) leave();
    clearInterval(this.#sweep);
    if (!this.#http.listening) return;
    const closed = new Promise((resolve) => this.#http.once('close', resolve));
    // Node's own `close` cuts answers off that have not all left yet.
    NetServer.prototype.close.call(this.#http);
    this.#endIdle();
    const idle = setInterval(() => this.#endIdle(), drainCheckMs);
    const late = setTimeout(() => this.#breakAll(), this.#door.options.drainMs);
    await closed;
    clearInterval(idle);
    clearTimeout(late);
    for (const { socket } of this.#connections) await once(socket, 'close').catch(() => undefined);
    // Once more, for the timer that `close` alone takes down.
    this.#http.close();
  }

  #attach(): void {
    const http = this.#http;
    http.on('connection', (socket) => this.#open(socket));
    http.on('request', (request, response) => this.#take(request, response));
    http.on('checkContinue', (request, response) => {
      this.#take(request, response, (x) => (x.awaitsContinue = true));
    });
    http.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
      const detail = `the expectation "${request.headers.expect}" cannot be met`;
      const fault = new FuncatronError('bad_request', detail, { status: 417 });
      this.#take(request, response, (x) => answerFault(x, fault));
    });
    http.on('connect', (_request, socket) => {
      const fault = new FuncatronError('bad_request', 'CONNECT: this server is no proxy');
      this.#refuse(fault, socket as Socket);
    });
    http.on('upgrade', (request: IncomingMessage, socket, first: Buffer) =>
      this.#takeUpgrade(request, socket as Socket, first),
    );
    http.on('clientError', (error, socket) => this.#clientError(error, socket as Socket));
    http.on('timeout', (socket) => this.#timeout(socket));
    http.on('drop', () => this.#door.meter.reject('connections_max'));
  }

  #open(socket: Socket): void {
    const connection = new Connection(socket);
    this.#connections.add(connection);
    this.#door.meter.connections++;
    socket.once('close', () => {
      this.#connections.delete(connection);
      this.#door.meter.connections--;
      connection.abandon();
    });
  }

  #take(request: IncomingMessage, response: ServerResponse, prepare?: (x: Exchange) => void): void {
    const connection = Connection.of(request.socket);
    if (connection.latest?.isLast) return;
    const x = new Exchange(this.#door, connection, request, response);
    prepare?.(x);
    if (!x.ended) void serve(x);
  }

  /** Node lets go of such a connection: an answer in HTTP is the last on it. */
  #takeUpgrade(request: IncomingMessage, socket: Socket, first: Buffer): void {
    socket.on('error', () => undefined);
    const connection = Connection.of(socket);
    if (!connection.isIdle) return void socket.destroy();
    const response = new Response(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on('finish', () => socket.destroySoon());
    const x = new Exchange(this.#door, connection, request, response);
    x.isLast = true;
    x.upgrade = { socket, first, activeAt: Date.now() };
    void serve(x);
  }

  #clientError(error: NodeJS.ErrnoException, socket: Socket): void {
    const fault = socket.destroyed ? undefined : explainClientError(error, this.#door.options);
    if (fault) this.#refuse(fault, socket);
    else socket.destroy();
  }

  #refuse(fault: FuncatronError, socket: Socket): void {
    this.#door.meter.reject(fault.code);
    const bytes = rawResponse(fault.toProblem());
    Connection.of(socket).refuse(fault, bytes, this.#door.options.lingerMs);
  }

  /** Looks for clients that are slow to send; those slow to take their answer get a timer. */
  #watch(): void {
    const { stallTimeoutMs } = this.#door.options;
    const now = Date.now();
    for (const connection of this.#connections) {
      const { socket } = connection;
      if (connection.isIdle) connection.latest = undefined;
      else if (connection.latest!.isLate(now)) this.#clientError(late(), socket);
      if (socket.writableLength > 0 && socket.timeout !== stallTimeoutMs)
        socket.setTimeout(stallTimeoutMs);
    }
  }

  #timeout(socket: Socket): void {
    if (socket.writableLength > 0 || Connection.of(socket).isIdle) socket.destroy();
    else socket.setTimeout(0);
  }

  #endIdle(): void {
    for (const { socket, isIdle } of this.#connections)
      if (isIdle && socket.writableLength === 0) socket.destroy();
  }

  #breakAll(): void {
    const inFlight = this.#door.meter.inFlight;
    if (inFlight > 0) this.#door.log.warn({ inFlight }, 'calls were cut off: --drain is over');
    for (const { socket } of this.#connections) socket.destroy();
  }
}

/** As Node says it of headers that take too long. */
const late = (): NodeJS.ErrnoException =>
  Object.assign(new Error('the request took too long'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });

function listenFault(error: NodeJS.ErrnoException, port: number, host: string): FuncatronError {
  const where = `${host}:${port}`;
  if (error.code === 'EADDRINUSE') {
    const detail = `${where} is in use; choose another port (--port) or stop what listens there`;
    return new FuncatronError('address_in_use', detail, { cause: error });
  }
  const detail = `cannot listen on ${where}: ${error.message}; check --host and --port`;
  return new FuncatronError('option_invalid', detail, { cause: error });
}
