/** The frontend's side of the control messages: it says that it lives, and takes routes. */
import { randomUUID } from 'node:crypto';
import type { Broker, Consumer } from '../broker/broker.ts';
import { FuncatronError, toFault } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ControlMessage, Route } from '../message.ts';

const heartbeatMs = 10_000;

export interface ControlOptions {
  broker: Broker;
  log: Log;
  /** Resolves once the table serves; rejects when a route's contract cannot be loaded. */
  setRoutes(routes: Route[], revision: number): Promise<void>;
  /** Where this frontend listens. */
  url(): string;
}

export class Control {
  /** The frontend's name among the nodes, as the original has it. */
  readonly id = `FRNT${randomUUID()}`;
  readonly #options: ControlOptions;
  #subscription: Consumer | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ControlOptions) {
    this.#options = options;
  }

  /** Listens for routes, and tells the Trons that it is here: they answer with the table. */
  async start(): Promise<void> {
    this.#subscription = await this.#options.broker.subscribe('control', (message) => {
      if (message.to === undefined || message.to === this.id) void this.#take(message);
    });
    await this.#awake();
    this.#timer = setInterval(() => {
      this.#send('heartbeat', { type: 'frontend', url: this.#options.url() }).catch(
        () => undefined,
      );
    }, heartbeatMs);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (!this.#subscription) return;
    await this.#subscription.stop();
    await this.#send('died', { type: 'frontend' }).catch(() => undefined);
  }

  async #take(message: ControlMessage): Promise<void> {
    try {
      if (message.action === 'resend-awake') return await this.#awake();
      if (message.action !== 'route') return;
      const { routes, revision } = readTable(message);
      await this.#options.setRoutes(routes, revision);
      await this.#send('ack', { of: message.msgId, ok: true });
    } catch (thrown) {
      const error = toFault(thrown).toProblem();
      this.#options.log.error({ err: thrown, action: message.action }, error.detail);
      await this.#send('ack', { of: message.msgId, ok: false, error }).catch(() => undefined);
    }
  }

  #awake(): Promise<void> {
    return this.#send('awake', { type: 'frontend', url: this.#options.url() });
  }

  #send(action: string, fields: Record<string, unknown>): Promise<void> {
    const head = { v: 1, action, msgId: randomUUID(), from: this.id, at: Date.now() } as const;
    return this.#options.broker.broadcast('for_tron', { ...head, ...fields });
  }
}

/** A table that came over a wire; half a table must not replace a whole one. */
function readTable(message: ControlMessage): { routes: Route[]; revision: number } {
  const { routes, revision } = message;
  const isTable = Array.isArray(routes) && typeof revision === 'number' && routes.every(isRoute);
  if (!isTable) {
    const detail = `control message ${message.msgId} from ${message.from} holds no route table`;
    throw new FuncatronError('bad_request', detail);
  }
  return { routes, revision };
}

function isRoute(route: Partial<Route> | null): boolean {
  return (
    typeof route?.basePath === 'string' &&
    route.basePath.startsWith('/') &&
    typeof route.queue === 'string' &&
    typeof route.sha === 'string' &&
    typeof route.name === 'string' &&
    (route.host === null || typeof route.host === 'string')
  );
}
