/** The caller's side of direct connections. */
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import { FuncatronError } from '../../errors.ts';
import { letGo } from '../../inflow.ts';
import type { Body, Cancellation, Reply } from '../../message.ts';
import type { DirectOptions, DirectPlace } from './direct.ts';
import { DirectExchange } from './exchange.ts';
import { Watch } from './watch.ts';

/** From connecting to the word that the token is good. */
const connectTimeoutMs = 5_000;
/** Idle connections kept per runner. */
const freeSocketsMax = 16;

export class DirectCaller {
  readonly #agents: { http: Agent; https: Agent };
  readonly #stallTimeoutMs: number;
  readonly #watch: Watch;

  constructor({ tls }: DirectOptions, stallTimeoutMs: number) {
    this.#stallTimeoutMs = stallTimeoutMs;
    this.#watch = new Watch(stallTimeoutMs);
    const settings = { keepAlive: true, maxFreeSockets: freeSocketsMax, noDelay: true };
    const { Agent: HttpAgent } = process.getBuiltinModule('node:http');
    const { Agent: HttpsAgent } = process.getBuiltinModule('node:https');
    // Who has the key of our own certificate is one of us, by whatever name it is reached.
    const own = { ca: tls?.cert, checkServerIdentity: () => undefined };
    const trust = tls?.ca ? { ca: tls.ca } : tls?.cert ? own : {};
    const https = new HttpsAgent({ ...settings, ...trust });
    this.#agents = { http: new HttpAgent(settings), https };
  }

  async send(place: DirectPlace, body: Body, cancellation?: Cancellation): Promise<Reply> {
    let opened: Opened;
    try {
      if (cancellation?.cancelled) throw cancelled();
      opened = await this.#open('POST', place, cancellation);
    } catch (thrown) {
      letGo(body);
      throw thrown;
    }
    const exchange = this.#begin(opened);
    cancellation?.onCancel(() => exchange.break(cancelled()));
    return exchange.send(body);
  }

  async fetch(place: DirectPlace): Promise<AsyncIterable<Uint8Array>> {
    return this.#begin(await this.#open('GET', place)).body;
  }

  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  #begin({ request, response }: Opened): DirectExchange {
    const exchange = new DirectExchange(request, response, this.#stallTimeoutMs);
    this.#watch.add(exchange);
    request.once('close', () => this.#watch.delete(exchange));
    return exchange;
  }

  /** Connects, and waits until the place is ours. */
  async #open(
    method: 'POST' | 'GET',
    place: DirectPlace,
    cancellation?: Cancellation,
  ): Promise<Opened> {
    const first = await this.#ask(method, place, cancellation);
    // A kept connection may be closed by the other side just as a request goes out on it.
    const isStale = first instanceof FuncatronError && first.cause === stale;
    const opened = isStale ? await this.#ask(method, place, cancellation) : first;
    if (opened instanceof FuncatronError) throw opened;
    return opened;
  }

  #ask(
    method: 'POST' | 'GET',
    { url, token }: DirectPlace,
    cancellation?: Cancellation,
  ): Promise<Opened | FuncatronError> {
    return new Promise((resolve) => {
      const request = this.#request(url, method, token);
      const settle = (result: Opened | FuncatronError): void => {
        clearTimeout(timer);
        cancellation?.onCancel(undefined);
        if (result instanceof FuncatronError) request.destroy();
        resolve(result);
      };
      const timer = setTimeout(() => {
        settle(notReached(url, `no answer within ${connectTimeoutMs / 1000} s`));
      }, connectTimeoutMs);
      cancellation?.onCancel(() => settle(cancelled()));
      request.on('error', (error) => {
        const isStale = request.reusedSocket && (error as { code?: string }).code === 'ECONNRESET';
        settle(notReached(url, error.message, isStale ? stale : error));
      });
      request.on('response', (response) => {
        if (response.statusCode === 200) return settle({ request, response });
        settle(notReached(url, 'the one-time token is not valid (any more)'));
      });
      if (method === 'POST') request.flushHeaders();
      else request.end();
    });
  }

  #request(url: string, method: string, token: string): ClientRequest {
    const isTls = url.startsWith('https:');
    const { request } = isTls
      ? process.getBuiltinModule('node:https')
      : process.getBuiltinModule('node:http');
    const agent = isTls ? this.#agents.https : this.#agents.http;
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (method === 'POST') headers['transfer-encoding'] = 'chunked';
    return request(url, { method, agent, headers });
  }
}

interface Opened {
  request: ClientRequest;
  response: IncomingMessage;
}

const stale = Symbol('stale');

const cancelled = (): FuncatronError => new FuncatronError('cancelled', 'the caller went away');

function notReached(url: string, why: string, cause?: unknown): FuncatronError {
  return new FuncatronError('direct_failed', `no direct connection to ${url}: ${why}`, { cause });
}
