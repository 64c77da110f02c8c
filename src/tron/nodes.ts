/**
 * The frontends and runners that live: what they said of themselves, and asking them for things.
 * Control messages go to all that listen; an `ack` names the message it answers.
 */
import { randomUUID } from 'node:crypto';
import type { Broker, Consumer } from '../broker/broker.ts';
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ControlMessage, Problem } from '../message.ts';

/** A node not heard of for so long is forgotten. */
const forgottenAfterMs = 180_000;
/** A node not heard of for three heartbeats is not waited for. */
const silentAfterMs = 35_000;
/** A message that travelled longer is dropped: what it says is no longer so. */
const staleAfterMs = 450_000;

export type NodeType = 'frontend' | 'runner';

export interface Node {
  id: string;
  type: NodeType;
  /** The message it came with, and over it the newest heartbeat. */
  said: ControlMessage;
  /** Milliseconds since 1970. */
  lastSeen: number;
}

export interface Ack {
  node: string;
  ok: boolean;
  error?: Problem;
  /** Funcs that the code lacks, where a runner serves it all the same (dev). */
  missing: { operationId: string; mend: string }[];
  /** Whether this is silence, not an answer: the node may have done it all the same. */
  silent: boolean;
}

export interface NodeEvents {
  /** A node that has nothing yet. */
  onAwake(node: Node): void;
  onHeartbeat(node: Node, message: ControlMessage): void;
  /** Log lines of Funcs. */
  onLines(lines: unknown): void;
}

interface Asked {
  left: Set<string>;
  acks: Ack[];
  done: () => void;
}

export class Nodes {
  /** The Tron's own name in messages. */
  readonly id = `TRON-${randomUUID()}`;
  readonly #broker: Broker;
  readonly #log: Log;
  readonly #events: NodeEvents;
  readonly #nodes = new Map<string, Node>();
  readonly #asked = new Map<string, Asked>();
  #subscription: Consumer | undefined;

  constructor(broker: Broker, log: Log, events: NodeEvents) {
    this.#broker = broker;
    this.#log = log;
    this.#events = events;
  }

  /** Listens, and asks those that came first to say again that they are here. */
  async start(): Promise<void> {
    this.#subscription = await this.#broker.subscribe('for_tron', (message) => this.#hear(message));
    await this.tell('resend-awake', {});
  }

  async close(): Promise<void> {
    await this.#subscription?.stop();
    for (const { done } of this.#asked.values()) done();
  }

  /** Those heard of in the last three minutes. */
  list(): Node[] {
    const oldest = Date.now() - forgottenAfterMs;
    for (const [id, node] of this.#nodes) if (node.lastSeen < oldest) this.#forget(id, 'silent');
    return [...this.#nodes.values()];
  }

  /** Sends a message to all nodes, or to the one whose id is `to`. */
  async tell(action: string, fields: Record<string, unknown>, to?: string): Promise<string> {
    const msgId = randomUUID();
    await this.#send(msgId, action, to === undefined ? fields : { ...fields, to });
    return msgId;
  }

  /** Sends a message to all nodes and waits for every live one of a type, so long at most. */
  async ask(
    type: NodeType,
    action: string,
    fields: Record<string, unknown>,
    timeoutMs: number,
  ): Promise<Ack[]> {
    const awaited = this.list().filter((node) => node.type === type && isLive(node));
    const msgId = randomUUID();
    const asked: Asked = { left: new Set(awaited.map(({ id }) => id)), acks: [], done: () => {} };
    const all = new Promise<void>((resolve) => (asked.done = resolve));
    this.#asked.set(msgId, asked);
    const timer = setTimeout(asked.done, timeoutMs);
    try {
      await this.#send(msgId, action, fields);
      if (asked.left.size > 0) await all;
    } finally {
      clearTimeout(timer);
      this.#asked.delete(msgId);
    }
    const why = `did not answer within ${timeoutMs / 1000} s`;
    return [...asked.acks, ...[...asked.left].map((node) => silence(node, type, why))];
  }

  #send(msgId: string, action: string, fields: Record<string, unknown>): Promise<void> {
    const head = { v: 1, action, msgId, from: this.id, at: Date.now() } as const;
    return this.#broker.broadcast('control', { ...fields, ...head });
  }

  #hear(message: ControlMessage): void {
    const { from, action, at } = message;
    if (typeof from !== 'string' || Number(at) < Date.now() - staleAfterMs) return;
    const node = this.#nodes.get(from);
    if (node) node.lastSeen = Date.now();
    switch (action) {
      case 'awake':
        return this.#wake(message);
      case 'heartbeat':
        if (!node) return this.#askAgain(from);
        node.said = { ...node.said, ...message, action: 'awake' };
        return this.#events.onHeartbeat(node, message);
      case 'died':
        return this.#forget(from, 'died');
      case 'ack':
        return this.#acknowledge(message);
      case 'log':
        return this.#events.onLines(message.lines);
    }
  }

  #wake(message: ControlMessage): void {
    const { from: id, type } = message;
    if (type !== 'frontend' && type !== 'runner') {
      this.#log.warn({ node: id, type }, 'a node of no known type is ignored');
      return;
    }
    if (!this.#nodes.has(id)) this.#log.info({ node: id, type }, `a ${type} is here`);
    const node: Node = { id, type, said: message, lastSeen: Date.now() };
    this.#nodes.set(id, node);
    this.#events.onAwake(node);
  }

  #askAgain(id: string): void {
    this.tell('resend-awake', {}, id).catch((err: unknown) => {
      this.#log.warn({ err, node: id }, 'a node could not be asked who it is');
    });
  }

  #forget(id: string, why: 'died' | 'silent'): void {
    const node = this.#nodes.get(id);
    if (!node) return;
    this.#nodes.delete(id);
    this.#log.info({ node: id, type: node.type }, `a ${node.type} is gone (${why})`);
    for (const asked of this.#asked.values())
      if (asked.left.has(id)) settle(asked, silence(id, node.type, 'went away'));
  }

  #acknowledge({ of, from, ok, error, missing }: ControlMessage): void {
    const asked = this.#asked.get(String(of));
    const ack: Ack = { node: from, ok: ok === true, silent: false, missing: [] };
    if (error) ack.error = error as Problem;
    if (Array.isArray(missing)) ack.missing = missing;
    if (asked?.left.has(from)) settle(asked, ack);
    else if (!ack.ok) this.#log.warn({ node: from, error }, 'a node could not do what it was told');
  }
}

function isLive({ lastSeen }: Node): boolean {
  return lastSeen >= Date.now() - silentAfterMs;
}

function settle(asked: Asked, ack: Ack): void {
  asked.left.delete(ack.node);
  asked.acks.push(ack);
  if (asked.left.size === 0) asked.done();
}

function silence(node: string, type: NodeType, why: string): Ack {
  const error = new FuncatronError('enable_failed', `${type} ${node} ${why}`).toProblem();
  return { node, ok: false, silent: true, error, missing: [] };
}
