/**
 * The door of events (`x-funcatron.on`): takes messages that others put in the broker's own queues,
 * topics and subjects, holds them against the contract, and puts calls in the route's queue. A
 * message is acknowledged once its call is durable; one that breaks the contract becomes a dead
 * letter, where it can be read, mended and redriven.
 */
import { publishAsync } from '../async-call.ts';
import type { Broker, Consumer } from '../broker/broker.ts';
import { readEvents } from '../cloud-event.ts';
import type { EventMessage } from '../cloud-event.ts';
import { FuncatronError, toFault } from '../errors.ts';
import type { Log } from '../log.ts';
import { empty, tronQueues } from '../message.ts';
import type { Call, EventPlace, Headers, Reply, Route } from '../message.ts';
import type { Contract, ContractSource, Operation } from '../openapi/contract.ts';
import { callOperation, uncheckedCall } from '../openapi/operation-call.ts';

/** Messages of one place that are being taken at a time. */
const prefetch = 50;
/** A place that could not be listened to is tried again after so long. */
const againMs = 5_000;

export interface EventDoorOptions {
  broker: Broker;
  contracts: ContractSource;
  log: Log;
}

interface Binding {
  route: Route;
  operation: string;
  place: EventPlace;
  consumer: Promise<Consumer | undefined>;
  timer: NodeJS.Timeout | undefined;
}

export class EventDoor {
  readonly #options: EventDoorOptions;
  readonly #bindings = new Map<string, Binding>();
  #closed = false;

  constructor(options: EventDoorOptions) {
    this.#options = options;
  }

  /** Listens to what these routes are bound to, and to nothing else. */
  setRoutes(routes: readonly Route[]): void {
    if (this.#closed) return;
    const gone = new Set(this.#bindings.keys());
    for (const route of routes)
      for (const { operation, on = [] } of route.triggers ?? [])
        for (const place of on) {
          const key = JSON.stringify([route.queue, operation, place]);
          gone.delete(key);
          const known = this.#bindings.get(key);
          // Another bundle on the same route goes on where the one before was.
          if (known) known.route = route;
          else this.#bind(key, { route, operation, place });
        }
    for (const key of gone) void this.#unbind(key);
  }

  /** Takes no more; resolves when what is being taken is durable. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#bindings.keys()].map((key) => this.#unbind(key)));
  }

  #bind(key: string, wanted: Pick<Binding, 'route' | 'operation' | 'place'>): void {
    const binding: Binding = { ...wanted, consumer: Promise.resolve(undefined), timer: undefined };
    this.#bindings.set(key, binding);
    binding.consumer = this.#listen(key, binding);
  }

  async #listen(key: string, binding: Binding): Promise<Consumer | undefined> {
    const { broker, log } = this.#options;
    const { route, operation, place } = binding;
    const group = `${route.queue}.${operation.replaceAll(/[^A-Za-z0-9]+/g, '-')}`;
    const take = (call: Call): Promise<Reply> => this.#take(binding, call);
    try {
      return await broker.consume({ ...place, group }, take, { prefetch });
    } catch (err) {
      const { name: bundle } = route;
      log.error({ err, bundle, operation, place }, `no events: ${toFault(err).message}`);
      if (this.#bindings.get(key) === binding && !isHopeless(err)) {
        binding.timer = setTimeout(() => {
          if (this.#bindings.get(key) === binding) binding.consumer = this.#listen(key, binding);
        }, againMs);
        binding.timer.unref();
      }
      return undefined;
    }
  }

  async #unbind(key: string): Promise<void> {
    const binding = this.#bindings.get(key);
    this.#bindings.delete(key);
    clearTimeout(binding?.timer);
    await (await binding?.consumer)?.stop();
  }

  async #take({ route, operation: key }: Binding, message: Call): Promise<Reply> {
    const contract = await this.#options.contracts.get(route);
    const operation = contract.operation(key);
    if (!operation) throw new FuncatronError('not_found', `the contract has no ${key} any more`);
    const { id, headers } = message.head;
    const whole: EventMessage = { headers, body: message.body as Uint8Array };
    for (const event of await this.#read(route, operation, whole))
      await this.#publish(route, contract, operation, withType(operation, event));
    return { head: { v: 1, action: 'answer', id, status: 204, headers: {} }, body: empty };
  }

  /** None where the message says that it is a CloudEvent and is not. */
  async #read(route: Route, operation: Operation, message: EventMessage): Promise<EventMessage[]> {
    try {
      return readEvents(message);
    } catch (thrown) {
      await this.#bury(route, operation, message, toFault(thrown));
      return [];
    }
  }

  async #publish(route: Route, contract: Contract, operation: Operation, event: EventMessage) {
    try {
      const work = callOperation(contract, route, operation, { by: 'event', ...event });
      await publishAsync(this.#options.broker, work);
    } catch (thrown) {
      const fault = toFault(thrown);
      // What is wrong with the message stays wrong; all else may be better in a moment.
      if (fault.status >= 500) throw thrown;
      await this.#bury(route, operation, event, fault);
    }
  }

  async #bury(route: Route, operation: Operation, event: EventMessage, fault: FuncatronError) {
    const { broker, log } = this.#options;
    const call = uncheckedCall(route, operation, { by: 'event', ...event });
    const dead = { queue: route.queue, at: Date.now(), error: fault.toProblem() };
    call.head.async = { ...call.head.async!, dead };
    await broker.publish(tronQueues.dead, call);
    const fields = { bundle: route.name, operation: operation.key, requestId: call.head.id };
    log.warn({ ...fields, code: fault.code }, `an event is a dead letter: ${fault.message}`);
  }
}

/** Most who publish JSON do not say so: where the contract asks for a type and takes JSON, it is. */
function withType(operation: Operation, event: EventMessage): EventMessage {
  if (event.headers['content-type'] !== undefined || takes(operation, {})) return event;
  const json = { 'content-type': 'application/json' };
  return takes(operation, json) ? { ...event, headers: { ...event.headers, ...json } } : event;
}

function takes(operation: Operation, headers: Headers): boolean {
  try {
    operation.kind(headers);
    return true;
  } catch {
    return false;
  }
}

/** This broker has no such places. */
function isHopeless(thrown: unknown): boolean {
  return thrown instanceof FuncatronError && thrown.status < 500;
}
