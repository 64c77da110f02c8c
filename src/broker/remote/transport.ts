/**
 * What a broker server has to carry for us. One file a technology implements it (`amqp.ts`); what
 * all of them need (replies, deadlines, retries, prefetch, lost peers) is in `remote.ts`, once.
 *
 * Messages are opaque bytes. *Calls* have somebody waiting and need not survive the server. *Jobs*
 * are asynchronous calls: durable, and delivered at least once.
 */
import type { Log } from '../../log.ts';
import type { Headers } from '../../message.ts';
import type { EventSource } from '../broker.ts';

export interface Transport {
  /** Largest message it carries, in bytes. */
  readonly bytesMax: number;
  /**
   * Whether the server hands a call whose taker is lost to another. Where not, callers find out that
   * a taker is lost, and send again what may run twice.
   */
  readonly redelivers: boolean;
  /** Set where the server does not tell how many jobs are handed over: `jobs` is without them. */
  readonly hidesHandedOver?: true;
  /** Where `sendReply` of any process reaches `onReply` of this one. Not kept over a reconnect. */
  readonly inbox: string;
  /**
   * Puts a call in a queue, to be gone by itself after `ttlMs` (best effort). Rejects with
   * `broker_unavailable` when the server surely did not take it. A transport whose server keeps no
   * calls keeps the ticket up to date; others leave it alone.
   */
  sendCall(queue: string, bytes: Buffer, ttlMs: number, ticket?: Ticket): Promise<void> | void;
  /** To an inbox that is gone, nothing happens. */
  sendReply(inbox: string, bytes: Buffer): Promise<void> | void;
  /** Resolves once the server has it durable; delivered after `delayMs`, 0 for now. */
  sendJob(queue: string, bytes: Buffer, delayMs: number): Promise<void>;
  /**
   * Takes calls or jobs from a queue, at most `window` handed over and not acknowledged. Goes on by
   * itself after a reconnect.
   */
  take(
    kind: 'call' | 'job',
    queue: string,
    window: number,
    onDelivery: (delivery: Delivery) => void,
  ): Promise<Intake>;
  /** Takes foreign messages, from before it came too where the source keeps them for its group. */
  takeEvents(
    source: EventSource,
    window: number,
    onEvent: (event: ForeignMessage) => void,
  ): Promise<Intake>;
  /** To every process subscribed at this moment, this one included. */
  broadcast(topic: string, bytes: Buffer): Promise<void>;
  subscribe(topic: string, onMessage: (bytes: Buffer) => void): Promise<() => Promise<void>>;
  /**
   * A process has been silent for a while: where the server may go on handing it calls, those of this
   * process go to others until it is heard again, or the server knows that it is gone.
   */
  doubt?(id: string): void;
  /** Jobs of a queue that are not acknowledged: waiting, delayed and handed over. */
  jobs(queue: string): Promise<number>;
  /** Acknowledgements under way are finished first. Leaves no queue that holds nothing. */
  close(): Promise<void>;
}

/** What the sender of a call and a transport that keeps calls nobody can take yet tell each other. */
export interface Ticket {
  /** Milliseconds since 1970 when it was last given to a taker; 0 while it waits with its sender. */
  handedAt: number;
  /** Set by the sender: nobody waits for it any more. */
  isOver: boolean;
}

export interface Delivery {
  bytes: Buffer;
  /** Where its caller's replies go, when the server knows better than the message. */
  replyTo?: string;
  /** It may have been handed over before, to a process that was lost. */
  redelivered: boolean;
  /** It is done with: never delivered again. */
  ack(): void;
  /** It was not begun: somebody else may have it. */
  giveBack(): void;
}

export interface ForeignMessage extends Delivery {
  /** The message's properties and headers, lower case, `content-type` among them. */
  headers: Headers;
}

export interface Intake {
  setWindow(window: number): void;
  /** No more deliveries from now on; those handed over may still be acknowledged. */
  stop(): Promise<void>;
}

export interface TransportOptions {
  log: Log;
  /** Begins the names of everything made in the server; letters, digits, `-` and `_`. */
  namespace: string;
  /** Unique for this process and opening. */
  id: string;
  onReply(bytes: Buffer): void;
  /** The connection is lost; it is being made again. */
  onLost(error: Error): void;
  /** It is there again, with all that was taken and subscribed; `inbox` may be another one. */
  onRestored(): void;
}

/** Connects; rejects with `broker_unavailable`, or `option_invalid` for a URL it cannot read. */
export type OpenTransport = (url: URL, options: TransportOptions) => Promise<Transport>;
