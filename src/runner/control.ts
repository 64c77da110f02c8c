/** A runner's side of the control messages: it says that it lives, and does what Trons tell it. */
import { randomUUID } from 'node:crypto';
import type { Broker, Consumer } from '../broker/broker.ts';
import { toFault } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ControlMessage, Route } from '../message.ts';
import type { Assigned } from '../runtime/runtime.ts';
import type { LogLine } from './func-log.ts';
import type { EnableOptions } from './runner.ts';

const heartbeatMs = 10_000;

interface Controlled {
  readonly routes: Route[];
  enable(route: Route, options: EnableOptions): Promise<Assigned>;
  check(route: Route): Promise<Assigned>;
  disable(queue: string, revision: number): Promise<void>;
}

export class Control {
  /** The runner's name among the nodes, as the original has it. */
  readonly id = `RU-${randomUUID()}`;
  readonly #broker: Broker;
  readonly #log: Log;
  readonly #runner: Controlled;
  #subscription: Consumer | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(broker: Broker, log: Log, runner: Controlled) {
    this.#broker = broker;
    this.#log = log;
    this.#runner = runner;
  }

  async start(): Promise<void> {
    this.#subscription = await this.#broker.subscribe('control', (message) => {
      if (message.to === undefined || message.to === this.id) void this.#take(message);
    });
    await this.#send('awake', { type: 'runner' });
    this.#timer = setInterval(() => this.#heartbeat(), heartbeatMs);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#subscription?.stop();
    await this.#send('died', {}).catch(() => undefined);
  }

  sendLogs(lines: LogLine[]): void {
    this.#send('log', { lines }).catch(() => undefined);
  }

  #heartbeat(): void {
    const routes = this.#runner.routes.map(({ queue, host, basePath, sha }) => {
      return { queue, host, path: basePath, sha };
    });
    this.#send('heartbeat', { type: 'runner', routes }).catch(() => undefined);
  }

  async #take(message: ControlMessage): Promise<void> {
    try {
      switch (message.action) {
        case 'enable': {
          const route = message.route as Route;
          const assigned = await this.#runner.enable(route, {
            prepare: message.prepare === true,
            allowMissing: message.prepare !== true || message.allowMissing === true,
          });
          return await this.#ack(message, { ok: true, missing: assigned.missing });
        }
        case 'check': {
          const assigned = await this.#runner.check(message.route as Route);
          return await this.#ack(message, { ok: true, missing: assigned.missing });
        }
        case 'disable':
          await this.#runner.disable(message.queue as string, message.revision as number);
          return await this.#ack(message, { ok: true });
        case 'resend-awake':
          return await this.#send('awake', { type: 'runner' });
      }
    } catch (thrown) {
      const error = toFault(thrown).toProblem();
      this.#log.error({ err: thrown, action: message.action }, error.detail);
      await this.#ack(message, { ok: false, error }).catch(() => undefined);
    }
  }

  #ack(message: ControlMessage, fields: Record<string, unknown>): Promise<void> {
    return this.#send('ack', { of: message.msgId, ...fields });
  }

  #send(action: string, fields: Record<string, unknown>): Promise<void> {
    const from = this.id;
    const head = { v: 1, action, msgId: randomUUID(), from, at: Date.now() } as const;
    return this.#broker.broadcast('for_tron', { ...head, ...fields });
  }
}
