/** The connections to one HTTP program: so many at most; requests beyond wait in order. */
import { HttpConnection } from './http-connection.ts';
import type { HttpEvents, HttpRequest } from './http-connection.ts';

export interface HttpPoolOptions {
  host: string;
  port: number;
  connectionsMax: number;
  /** A connection that was idle for longer is not used again. */
  idleMs: number;
}

/** A request on its way. */
export interface Sending {
  resume(): void;
  /** Drops its connection, by which the program learns of it; `onError` is told the error. */
  abort(error: Error): void;
}

interface Waiting {
  request: HttpRequest;
  events: HttpEvents;
  connection: HttpConnection | undefined;
}

export class HttpPool {
  readonly #options: HttpPoolOptions;
  readonly #live = new Set<HttpConnection>();
  /** The one used last comes last. */
  readonly #idle: HttpConnection[] = [];
  readonly #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HttpPoolOptions) {
    this.#options = options;
  }

  /** Throws `bad_request` for a request that no HTTP message can be. */
  send(request: HttpRequest, events: HttpEvents): Sending {
    const waiting: Waiting = { request, events, connection: undefined };
    const connection = this.#take();
    if (connection) this.#start(waiting, connection);
    else this.#waiting.push(waiting);
    return {
      resume: () => waiting.connection?.resume(),
      abort: (error) => this.#abort(waiting, error),
    };
  }

  destroy(): void {
    clearTimeout(this.#timer);
    const error = new Error('the program has ended');
    for (const { events } of this.#waiting.splice(0)) events.onError(error);
    for (const connection of this.#live) connection.destroy(error);
  }

  #take(): HttpConnection | undefined {
    const { host, port, connectionsMax, idleMs } = this.#options;
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.isOpen && Date.now() - idle.idleSince < idleMs) return idle;
      idle.destroy();
      this.#live.delete(idle);
    }
    if (this.#live.size >= connectionsMax) return undefined;
    const connection = new HttpConnection(host, port, (one, isReusable) => {
      this.#free(one, isReusable);
    });
    this.#live.add(connection);
    return connection;
  }

  #start(waiting: Waiting, connection: HttpConnection): void {
    waiting.connection = connection;
    try {
      connection.send(waiting.request, waiting.events);
    } catch (thrown) {
      waiting.connection = undefined;
      this.#free(connection, connection.isOpen);
      waiting.events.onError(thrown as Error);
    }
  }

  #abort(waiting: Waiting, error: Error): void {
    const at = this.#waiting.indexOf(waiting);
    if (at >= 0) {
      this.#waiting.splice(at, 1);
      waiting.events.onError(error);
    } else waiting.connection?.destroy(error);
  }

  #free(connection: HttpConnection, isReusable: boolean): void {
    if (isReusable) {
      connection.idleSince = Date.now();
      this.#idle.push(connection);
      this.#watchIdle();
    } else {
      this.#live.delete(connection);
      const at = this.#idle.indexOf(connection);
      if (at >= 0) this.#idle.splice(at, 1);
    }
    const next = this.#waiting[0];
    const free = next && this.#take();
    if (!free) return;
    this.#waiting.shift();
    this.#start(next, free);
  }

  /** Those used least recently come first. */
  #watchIdle(): void {
    if (this.#timer) return;
    const { idleMs } = this.#options;
    const end = (): void => {
      this.#timer = undefined;
      while (this.#idle[0] && Date.now() - this.#idle[0].idleSince >= idleMs)
        this.#idle.shift()!.destroy();
      if (this.#idle.length > 0) this.#watchIdle();
    };
    this.#timer = setTimeout(end, idleMs);
    this.#timer.unref();
  }
}
