/**
 * The frontends and runners that live: what they said of themselves, and asking them for things.
 * Control messages go to all that listen; an `ack` names the message it answers.
 */
import { randomUUID } from 'node:crypto';
import type { ControlLine, Fields } from '../control/line.ts';
import { versions } from '../control/line.ts';
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ControlMessage, Problem } from '../message.ts';

/** A node not heard of for so long is forgotten. */
const forgottenAfterMs = 180_000;
/** A node not heard of for three heartbeats is not waited for. */
const silentAfterMs = 35_000;
/** Who has an order in hand says so after a second; who does not say so has not got it. */
const takenWithinMs = 5_000;

/** Messages that may tell of load, or of counts. */
const reports = new Set(['awake', 'heartbeat', 'load', 'counts']);

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
  /** What a runner serves that is not in the table it was sent. */
  ahead: { queue: string; revision: number }[];
  /** What the code of a JAR gives, where that was asked for. */
  contract?: { type: string; text: string };
  /** Whether this is silence, not an answer: the node may have done it all the same. */
  silent: boolean;
}

export interface NodeEvents {
  /** A node that has nothing yet. */
  onAwake(node: Node): void;
  onHeartbeat(node: Node, message: ControlMessage): void;
  /** Log lines of Funcs. */
  onLines(lines: unknown): void;
  /** Whatever may tell of load, or of how often functions were called. */
  onReport(message: ControlMessage): void;
  onGone(node: Node): void;
}

interface Asked {
  left: Set<string>;
  /** Of those left, who said that it is at it. */
  taken: Set<string>;
  acks: Ack[];
  done: () => void;
}

export class Nodes {
  readonly #line: ControlLine;
  readonly #log: Log;
  readonly #events: NodeEvents;
  readonly #nodes = new Map<string, Node>();
  readonly #asked = new Map<string, Asked>();

  /** `line` speaks to all nodes. */
  constructor(line: ControlLine, log: Log, events: NodeEvents) {
    this.#line = line;
    this.#log = log;
    this.#events = events;
  }

  async start(): Promise<void> {
    await this.#line.listen('for_tron', (message) => this.#hear(message));
  }

  /** Whoever waits for an answer hears that there is none. */
  close(): void {
    for (const { done } of this.#asked.values()) done();
  }

  /** Those heard of in the last three minutes. */
  list(): Node[] {
    const oldest = Date.now() - forgottenAfterMs;
    for (const [id, node] of this.#nodes) if (node.lastSeen < oldest) this.#forget(id, 'silent');
    return [...this.#nodes.values()];
  }

  /** Sends a message to all nodes, or to the one whose id is `to`. */
  async tell(action: string, fields: Fields, to?: string): Promise<void> {
    await this.#line.send(action, to === undefined ? fields : { ...fields, to });
  }

  /** Sends a message to all nodes and waits for every live one of a type, so long at most. */
  ask(type: NodeType, action: string, parts: readonly Fields[], timeoutMs: number): Promise<Ack[]> {
    return this.#ask(this.live(type), action, parts, timeoutMs);
  }

  /** Those of a type that an answer can be waited for from. */
  live(type: NodeType): Node[] {
    return this.list().filter((node) => node.type === type && isLive(node));
  }

  /** Sends a message, in parts maybe, to one node and waits for its answer. */
  async askOne(
    node: Node,
    action: string,
    parts: readonly Fields[],
    timeoutMs: number,
  ): Promise<Ack> {
    const to = node.id;
    const mine = parts.map((part) => ({ ...part, to }));
    return (await this.#ask([node], action, mine, timeoutMs))[0]!;
  }

  async #ask(
    awaited: readonly Node[],
    action: string,
    parts: readonly Fields[],
    timeoutMs: number,
  ): Promise<Ack[]> {
    const msgId = randomUUID();
    const left = new Set(awaited.map(({ id }) => id));
    const asked: Asked = { left, taken: new Set(), acks: [], done: () => {} };
    const all = new Promise<void>((resolve) => (asked.done = resolve));
    this.#asked.set(msgId, asked);
    const timer = setTimeout(asked.done, timeoutMs);
    const giveUp = setTimeout(() => this.#abandon(asked), takenWithinMs);
    try {
      for (const part of parts) await this.#line.send(action, { ...part, wantsAck: true }, msgId);
      if (left.size > 0) await all;
    } finally {
      clearTimeout(timer);
      clearTimeout(giveUp);
      this.#asked.delete(msgId);
    }
    return [...asked.acks, ...[...left].map((node) => silence(node, late(timeoutMs)))];
  }

  #hear(message: ControlMessage): void {
    const { from, action } = message;
    const node = this.#nodes.get(from);
    if (node) node.lastSeen = Date.now();
    if (reports.has(action)) this.#events.onReport(message);
    switch (action) {
      case 'awake':
        return this.#wake(message);
      case 'heartbeat':
        if (!node) return this.#askAgain(from);
        node.said = { ...node.said, ...message, action: 'awake' };
        return this.#events.onHeartbeat(node, message);
      case 'load':
        if (node) node.said = { ...node.said, load: message.load };
        return;
      case 'died':
        return this.#forget(from, 'died');
      case 'taken':
        return void this.#asked.get(String(message.of))?.taken.add(from);
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
    this.#agree();
    this.#events.onAwake(node);
  }

  /** Speaks the newest version that every node reads. */
  #agree(): void {
    let version: number = versions.max;
    for (const { id, said } of this.#nodes.values()) {
      const { min = 1, max = 1 } = (said.versions ?? {}) as { min?: number; max?: number };
      if (max < versions.min || min > versions.max)
        this.#log.error({ node: id, min, max }, 'a node reads no version that this Tron writes');
      else version = Math.min(version, max);
    }
    this.#line.version = version;
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
    this.#agree();
    this.#events.onGone(node);
    this.#log.info({ node: id, type: node.type }, `a ${node.type} is gone (${why})`);
    for (const asked of this.#asked.values())
      if (asked.left.has(id)) settle(asked, silence(id, 'went away'));
  }

  /** Who has not got it is not waited for again until it is heard of. */
  #abandon(asked: Asked): void {
    for (const id of asked.left) {
      if (asked.taken.has(id)) continue;
      const node = this.#nodes.get(id);
      if (node) node.lastSeen = Math.min(node.lastSeen, Date.now() - silentAfterMs - 1);
      settle(asked, silence(id, late(takenWithinMs)));
    }
  }

  #acknowledge({ of, from, ok, error, missing, ahead, contract }: ControlMessage): void {
    const asked = this.#asked.get(String(of));
    const ack: Ack = { node: from, ok: ok === true, silent: false, missing: [], ahead: [] };
    if (error) ack.error = error as Problem;
    if (Array.isArray(missing)) ack.missing = missing;
    if (Array.isArray(ahead)) ack.ahead = ahead;
    if (isContract(contract)) ack.contract = contract;
    if (asked?.left.has(from)) settle(asked, ack);
    else if (!ack.ok) this.#log.warn({ node: from, error }, 'a node could not do what it was told');
  }
}

function isLive({ lastSeen }: Node): boolean {
  return lastSeen >= Date.now() - silentAfterMs;
}

function isContract(said: unknown): said is { type: string; text: string } {
  const { type, text } = (said ?? {}) as Record<string, unknown>;
  return typeof type === 'string' && typeof text === 'string';
}

function settle(asked: Asked, ack: Ack): void {
  asked.left.delete(ack.node);
  asked.acks.push(ack);
  if (asked.left.size === 0) asked.done();
}

function late(timeoutMs: number): string {
  return `did not answer within ${timeoutMs / 1000} s`;
}

function silence(node: string, why: string): Ack {
  const error = new FuncatronError('enable_failed', `node ${node} ${why}`).toProblem();
  return { node, ok: false, silent: true, error, missing: [], ahead: [] };
}
