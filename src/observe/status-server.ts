/** A small server beside what has no HTTP of its own, or none for everybody: `/healthz`, `/metrics`. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FuncatronError } from '../errors.ts';
import type { Metrics } from '../metrics.ts';
import { createServer } from '../node-http.ts';
import type { Exposition } from './prometheus.ts';

const connectionsMax = 100;
const requestTimeoutMs = 10_000;

export class StatusServer {
  readonly #metrics: Metrics;
  readonly #server: Server;
  #exposition: Promise<Exposition> | undefined;
  /** Where it listens; empty before that. */
  url = '';

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
    this.#server = createServer({ requestTimeout: requestTimeoutMs });
    this.#server.maxConnections = connectionsMax;
    this.#server.on('request', (request, response) => void this.#answer(request, response));
  }

  /** Rejects with `address_in_use` or `option_invalid`, naming the option that gave the port. */
  async listen(host: string, port: number, option: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) => {
        const inUse = cause.code === 'EADDRINUSE';
        const why = inUse
          ? `is in use; stop what has it, or choose another ${option} (0: any)`
          : cause.message;
        const detail = `the address ${host}:${port} ${why}`;
        reject(new FuncatronError(inUse ? 'address_in_use' : 'option_invalid', detail, { cause }));
      });
      this.#server.listen(port, host.replace(/^\[(.*)\]$/, '$1'), resolve);
    });
    const { port: bound } = this.#server.address() as AddressInfo;
    const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
    this.url = `http://${name}:${bound}`;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (url ?? '/').split('?', 1)[0];
    const send = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(method === 'HEAD' ? undefined : body);
    };
    try {
      if (method !== 'GET' && method !== 'HEAD') send(405, 'text/plain', '');
      else if (path === '/healthz') send(200, 'application/json', '{"status":"ok"}');
      else if (path === '/metrics') {
        const { contentType, text } = await (this.#exposition ??= this.#expose());
        send(200, contentType, await text());
      } else send(404, 'text/plain', 'There are /healthz and /metrics\n');
    } catch (thrown) {
      if (!response.headersSent) send(500, 'text/plain', `${(thrown as Error).message}\n`);
      else response.destroy();
    }
  }

  async #expose(): Promise<Exposition> {
    const { createExposition } = await import('./prometheus.ts');
    return createExposition(this.#metrics);
  }
}
