/**
 * The HTTP server of a watchdog that stands alone: health and readiness, and everything else for
 * its function.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { FuncatronError, toFault } from '../../errors.ts';
import { createServer } from '../../node-http.ts';
import type { Worker } from '../../runtime/runtime.ts';
import type { WatchdogSettings } from '../../watchdog/setting.ts';
import type { Lines } from './line.ts';
import type { LockFile } from './lock.ts';
import type { RequestMeter } from './meter.ts';
import { bodyOf, bytesOf, callOf, targetOf } from './request.ts';
import type { Target } from './request.ts';
import { pump, sendFault, sendReply, sendText } from './response.ts';

/** How often requests that come too slowly are looked for. */
const lookMs = 1_000;
const headersBytesMax = 1024 * 1024;

export interface DoorOptions {
  settings: WatchdogSettings;
  worker: Worker;
  lock: LockFile;
  meter: RequestMeter;
  lines: Lines;
}

export class WatchdogDoor {
  readonly #options: DoorOptions;
  readonly #server: Server;
  readonly #upgraded = new Set<Duplex>();
  #isAccepting = false;
  #idle: (() => void) | undefined;

  constructor(options: DoorOptions) {
    this.#options = options;
    const { readTimeoutMs } = options.settings;
    this.#server = createServer({
      requestTimeout: readTimeoutMs,
      headersTimeout: readTimeoutMs,
      keepAliveTimeout: readTimeoutMs,
      connectionsCheckingInterval: lookMs,
      maxHeaderSize: headersBytesMax,
    });
    this.#server.on('request', (request, response) => void this.#serve(request, response));
    this.#server.on('upgrade', (request, socket, first) => {
      void this.#upgrade(request, socket, first);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Rejects with `address_in_use`, naming the variable. */
  async listen(): Promise<void> {
    const { port } = this.#options.settings;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) => {
        const why = cause.code === 'EADDRINUSE' ? 'is in use' : cause.message;
        const detail = `port ${port} ${why}: choose another with the variable port (0: any)`;
        reject(new FuncatronError('address_in_use', detail, { cause }));
      });
      this.#server.listen(port, resolve);
    });
    this.#isAccepting = true;
  }

  /** Says from now on that no more requests should come; those that do are still served. */
  stopAccepting(): void {
    this.#isAccepting = false;
  }

  /** Takes no more connections and resolves when all requests have ended, or the time is up. */
  async close(withinMs: number): Promise<void> {
    this.#server.close();
    this.#server.closeIdleConnections();
    if (this.#options.meter.inFlight > 0 && withinMs > 0) {
      const ended = new Promise<void>((resolve) => (this.#idle = resolve));
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((resolve) => (timer = setTimeout(resolve, withinMs)));
      await Promise.race([ended, late]);
      clearTimeout(timer);
    }
    this.#server.closeAllConnections();
    for (const socket of this.#upgraded) socket.destroy();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = targetOf(request);
    if (!this.#isAccepting) response.setHeader('connection', 'close');
    if (target.path === '/_/health') return this.#answerHealth(request, response);
    if (target.path === '/_/ready') return this.#answerReady(request, response);
    const { meter } = this.#options;
    const startedMs = performance.now();
    meter.inFlight++;
    const late = this.#limit(request.socket);
    response.once('close', () => {
      late();
      meter.count(response.statusCode, request.method!, performance.now() - startedMs);
      this.#leave();
    });
    await this.#answer(request, response, target);
  }

  async #answer(request: IncomingMessage, response: ServerResponse, target: Target): Promise<void> {
    const { worker, settings, lines } = this.#options;
    const isPiped = settings.mode === 'streaming' || settings.mode === 'http';
    try {
      const call = callOf(request, target, await bodyOf(request, isPiped));
      response.once('close', () => {
        if (!response.writableFinished) call.cancellation.cancel();
      });
      if (response.destroyed) return;
      await sendReply(response, await worker.call(call));
    } catch (thrown) {
      const { code, message } = toFault(thrown);
      if (response.destroyed) return;
      if (code !== 'cancelled') lines.say(`${request.method} ${target.path}: ${message}`);
      sendFault(response, thrown);
    }
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, first: Buffer): Promise<void> {
    const { worker, meter, lines } = this.#options;
    const startedMs = performance.now();
    let status = 502;
    meter.inFlight++;
    this.#upgraded.add(socket);
    socket.on('error', () => undefined);
    const call = callOf(request, targetOf(request), bytesOf(socket, first), true);
    socket.once('close', () => {
      call.cancellation.cancel();
      this.#upgraded.delete(socket);
      meter.count(status, request.method!, performance.now() - startedMs);
      this.#leave();
    });
    try {
      const { head, body } = await worker.call(call);
      status = head.status;
      socket.write(rawHead(status, head.headers));
      if (body instanceof Uint8Array) socket.end(body);
      else await pump(socket, body);
    } catch (thrown) {
      const fault = toFault(thrown);
      status = fault.status;
      lines.say(`${request.method} ${request.url}: ${fault.message}`);
      if (socket.writable && !socket.destroyed) socket.end(rawHead(status, {}) + fault.message);
    }
  }

  /** Ends a connection whose answer takes longer than `write_timeout`. */
  #limit(socket: Socket): () => void {
    const { writeTimeoutMs } = this.#options.settings;
    if (writeTimeoutMs === 0) return () => undefined;
    const timer = setTimeout(() => socket.destroy(), writeTimeoutMs);
    timer.unref();
    return () => clearTimeout(timer);
  }

  get #isHealthy(): boolean {
    const { settings, lock } = this.#options;
    return this.#isAccepting && (settings.suppressLock || lock.isThere);
  }

  #answerHealth({ method }: IncomingMessage, response: ServerResponse): void {
    if (method !== 'GET') return sendText(response, 405, '', { allow: 'GET' });
    if (this.#isHealthy) return sendText(response, 200, 'OK');
    sendText(response, 503, '');
  }

  async #answerReady(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { settings, worker } = this.#options;
    const { inflightMax, readyPath, mode } = settings;
    if (request.method !== 'GET') return sendText(response, 405, '', { allow: 'GET' });
    if (!this.#isHealthy) return sendText(response, 503, '');
    if (inflightMax > 0 && worker.open >= inflightMax) return sendText(response, 429, '');
    if (readyPath === undefined || mode !== 'http') return sendText(response, 200, 'OK');
    const [path, query = ''] = readyPath.split('?', 2) as [string, string?];
    await this.#answer(request, response, { path, query });
  }

  #leave(): void {
    const { meter } = this.#options;
    meter.inFlight--;
    if (meter.inFlight === 0) this.#idle?.();
  }
}

/** The head of an answer to a request that asked for another protocol. */
function rawHead(status: number, headers: Record<string, string | string[]>): string {
  const reason = status === 101 ? 'Switching Protocols' : 'Answer';
  const own =
    status === 101 ? { connection: 'Upgrade', upgrade: 'websocket' } : { connection: 'close' };
  const pairs = Object.entries({ ...headers, ...own }).flatMap(([name, value]) =>
    [value].flat().map((one) => `${name}: ${one}\r\n`),
  );
  return `HTTP/1.1 ${status} ${reason}\r\n${pairs.join('')}\r\n`;
}
