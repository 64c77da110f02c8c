/** Where callers connect to hand over a request body, or to fetch a reply's. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { FuncatronError } from '../../errors.ts';
import { letGo } from '../../inflow.ts';
import type { Body } from '../../message.ts';
import { createServer } from '../../node-http.ts';
import type { DirectOptions, DirectPlace, TakeBody } from './direct.ts';
import { Places } from './place.ts';
import { ServedFetch, ServedSend } from './served.ts';
import type { Served } from './served.ts';
import { Watch } from './watch.ts';

/** Before its token a caller is nobody: it gets little time and little room. */
const headersTimeoutMs = 10_000;
const headersBytesMax = 4_096;
/** A connection that the next call may use; callers let go of it sooner. */
const keepAliveMs = 30_000;
/** How long what is sent already may take to leave at `close`. */
const flushMs = 1_000;

interface Waiting {
  open(request: IncomingMessage, response: ServerResponse): Served;
  unused(): void;
}

export interface ListenerLimits {
  stallTimeoutMs: number;
  placesMax: number;
}

export class Listener {
  readonly #options: DirectOptions;
  readonly #limits: ListenerLimits;
  readonly #server: Server;
  readonly #places: Places<Waiting>;
  readonly #watch: Watch;
  readonly #served = new Set<Served>();
  readonly #url: string;

  constructor(options: DirectOptions, limits: ListenerLimits, server: Server) {
    this.#options = options;
    this.#limits = limits;
    this.#server = server;
    this.#places = new Places(limits.placesMax, (waiting) => waiting.unused());
    this.#watch = new Watch(limits.stallTimeoutMs);
    this.#url = options.url ?? reachableUrl(options, server.address() as AddressInfo);
    server.maxConnections = limits.placesMax;
    server.on('request', (request, response) => this.#take(request, response));
    server.on('error', (err) => options.log.error({ err }, 'the direct listener failed'));
  }

  expect(take: TakeBody, timeoutMs: number, onUnused?: () => void): DirectPlace {
    const waiting: Waiting = {
      open: (request, response) => new ServedSend(request, response, this.#limits, take),
      unused: () => onUnused?.(),
    };
    return { url: this.#url, token: this.#places.open('send', waiting, timeoutMs) };
  }

  offer(body: Body, timeoutMs: number): DirectPlace {
    const waiting: Waiting = {
      open: (request, response) => new ServedFetch(request, response, this.#limits, body),
      unused: () => letGo(body),
    };
    return { url: this.#url, token: this.#places.open('fetch', waiting, timeoutMs) };
  }

  async close(): Promise<void> {
    this.#places.clear();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    const flushed = Promise.all([...this.#served].map((served) => served.close()));
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([flushed, new Promise((go) => (timer = setTimeout(go, flushMs)))]);
    clearTimeout(timer);
    this.#server.closeAllConnections();
    await closed;
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const kind = request.method === 'POST' ? 'send' : 'fetch';
    const [scheme, token = ''] = (request.headers.authorization ?? '').split(' ');
    const isOurs = request.url === '/' && (request.method === 'GET' || kind === 'send');
    const waiting = isOurs && scheme === 'Bearer' ? this.#places.take(kind, token) : undefined;
    if (!waiting) return this.#refuse(request, response);
    request.socket.setNoDelay(true);
    request.socket.setKeepAlive(true, this.#limits.stallTimeoutMs / 2);
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    response.flushHeaders();
    const served = waiting.open(request, response);
    this.#watch.add(served);
    this.#served.add(served);
    response.once('close', () => {
      this.#watch.delete(served);
      this.#served.delete(served);
    });
  }

  /** Nobody we know: not told why, and not listened to. */
  #refuse(request: IncomingMessage, response: ServerResponse): void {
    const remote = request.socket.remoteAddress;
    this.#options.log.debug({ remote }, 'a direct connection without a valid token is refused');
    response.on('finish', () => request.socket.destroySoon());
    response.writeHead(403, { 'content-length': '0', connection: 'close' }).end();
  }
}

/** Rejects with `address_in_use` or `option_invalid`. */
export async function openListener(
  options: DirectOptions,
  limits: ListenerLimits,
): Promise<Listener> {
  const server = makeServer(options);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenFault(error, options)));
    server.listen({ host: options.host, port: options.port }, resolve);
  });
  server.removeAllListeners('error');
  return new Listener(options, limits, server);
}

function makeServer({ tls }: DirectOptions): Server {
  const settings = {
    headersTimeout: headersTimeoutMs,
    connectionsCheckingInterval: headersTimeoutMs / 2,
    // A body may take as long as it goes on.
    requestTimeout: 0,
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: headersBytesMax,
  };
  if (!tls) return createServer(settings);
  const { createServer: createTlsServer } = process.getBuiltinModule('node:https');
  const { cert, key } = tls;
  try {
    if (!cert || !key) throw new Error('who listens needs both a certificate and its key');
    return createTlsServer({ ...settings, cert, key });
  } catch (cause) {
    const detail = `the direct path cannot use its certificate: ${(cause as Error).message}; check --direct-tls-cert and --direct-tls-key`;
    throw new FuncatronError('option_invalid', detail, { cause });
  }
}

/** The first address of this machine that others may know, where it listens on all of them. */
function reachableUrl({ host, tls }: DirectOptions, { port, address }: AddressInfo): string {
  const isAny = address === '0.0.0.0' || address === '::';
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const seen = own.find(({ internal, family }) => !internal && family === 'IPv4')?.address;
  const name = isAny ? (seen ?? '127.0.0.1') : host;
  return `${tls ? 'https' : 'http'}://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

function listenFault(error: NodeJS.ErrnoException, { host, port }: DirectOptions): FuncatronError {
  const where = `${host}:${port}`;
  if (error.code === 'EADDRINUSE') {
    const detail = `${where} is in use; choose another port for direct connections (--direct-port)`;
    return new FuncatronError('address_in_use', detail, { cause: error });
  }
  const detail = `cannot listen on ${where}: ${error.message}; check --direct-host and --direct-port`;
  return new FuncatronError('option_invalid', detail, { cause: error });
}
