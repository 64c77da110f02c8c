/**
 * One end of the control messages: says who sends, drops what is for others, and refuses what is of
 * a version that this program does not know. `docs/control-messages.md` describes every message.
 */
import { randomUUID } from 'node:crypto';
import { FuncatronError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ControlMessage } from '../message.ts';

/** Versions of control messages that this program reads and can write. */
export const versions = { min: 1, max: 1 } as const;

/** A message that travelled longer is dropped: what it says is no longer so. */
const staleAfterMs = 450_000;
/** Senders remembered for having been complained about. */
const warnedMax = 1_000;

/** What of a broker control messages need. */
export interface Carrier {
  broadcast(topic: string, message: ControlMessage): Promise<void>;
  subscribe(
    topic: string,
    handler: (message: ControlMessage) => void,
  ): Promise<{ stop(): Promise<void> }>;
}

export type Fields = Record<string, unknown>;

export interface LineOptions {
  /** Name among the nodes. */
  id: string;
  carrier: Carrier;
  /** The topic it speaks on. */
  topic: string;
  log: Log;
  /** Said in every message. */
  fields?: Fields;
}

export class ControlLine {
  readonly id: string;
  readonly #options: LineOptions;
  readonly #subscriptions: { stop(): Promise<void> }[] = [];
  readonly #warned = new Set<string>();
  /** The version that is written: one that everybody who listens can read. */
  version: number = versions.max;

  constructor(options: LineOptions) {
    this.id = options.id;
    this.#options = options;
  }

  /** Hands over what is for everybody or for this one, and of a version that is known. */
  async listen(topic: string, hear: (message: ControlMessage) => void): Promise<void> {
    const subscription = await this.#options.carrier.subscribe(topic, (message) => {
      if (!isMessage(message) || message.from === this.id) return;
      if (message.to !== undefined && message.to !== this.id) return;
      if (message.at < Date.now() - staleAfterMs) return;
      if (message.v > versions.max) return this.#refuse(message);
      hear(message);
    });
    this.#subscriptions.push(subscription);
  }

  /** Resolves with the message's id. Several messages may share one: the parts of a whole. */
  async send(action: string, fields: Fields = {}, msgId: string = randomUUID()): Promise<string> {
    const { carrier, topic, fields: always } = this.#options;
    const head = { v: this.version, action, msgId, from: this.id, at: Date.now() };
    await carrier.broadcast(topic, { ...always, ...fields, ...head });
    return msgId;
  }

  /** Answers a message; with `error`, in vain or not: there is nobody else to tell. */
  async ack({ msgId: of, from: to }: ControlMessage, fields: Fields): Promise<void> {
    await this.send('ack', { of, to, ...fields });
  }

  async close(): Promise<void> {
    for (const subscription of this.#subscriptions.splice(0)) await subscription.stop();
  }

  #refuse(message: ControlMessage): void {
    const { v, action, from, wantsAck } = message;
    const detail = `"${action}" is of version ${v}; this program reads ${versions.min} to ${versions.max}: update it`;
    const error = new FuncatronError('message_version', detail);
    if (!this.#warned.has(from)) {
      if (this.#warned.size >= warnedMax) this.#warned.clear();
      this.#warned.add(from);
      this.#options.log.error({ node: from, version: v }, error.message);
    }
    if (wantsAck === true)
      this.ack(message, { ok: false, error: error.toProblem() }).catch(() => undefined);
  }
}

/** What must not change between versions: who says what to whom, and when. */
function isMessage(message: Partial<ControlMessage> | null): boolean {
  return (
    typeof message?.v === 'number' &&
    typeof message.action === 'string' &&
    typeof message.from === 'string' &&
    typeof message.msgId === 'string' &&
    typeof message.at === 'number'
  );
}
