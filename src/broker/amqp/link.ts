/** The connection to a RabbitMQ, which makes itself anew, and what has to be made anew with it. */
import { Connection } from 'rabbitmq-client';
import type { Channel } from 'rabbitmq-client';
import type { Socket } from 'node:net';
import { FuncatronError } from '../../errors.ts';
import { frameBytes } from './url.ts';
import type { AmqpPlace } from './url.ts';
import type { TransportOptions } from '../remote/transport.ts';

/** What could not be made anew is tried again after so long. */
const againMs = 500;
/** The server gets so long to take leave. */
const leaveMs = 3000;

/** Something with a channel of its own, gone when that is. */
export interface Part {
  /** Without it nothing works: its loss is that of the connection. */
  readonly isVital: boolean;
  /** Makes anew what is gone; does nothing where nothing is. */
  restore(): Promise<void>;
}

export class Link {
  readonly log: TransportOptions['log'];
  readonly namespace: string;
  readonly id: string;
  /** From the loss until all is made anew; what is made anew is of use before that. */
  isLost = true;
  /** When it was lost last, milliseconds since 1970. */
  lostAt = 0;
  /** The server takes nothing: it lacks memory or disk. */
  isBlocked = false;
  readonly #shown: string;
  readonly #options: TransportOptions;
  readonly #conn: Connection;
  readonly #parts = new Set<Part>();
  readonly #channels = new Set<Channel>();
  readonly #idle: Channel[] = [];
  readonly #flush = (): void => this.#uncork();
  #corked: Socket | undefined;
  #isUp = false;
  #isOpen = false;
  #isClosing = false;
  #restoring: Promise<void> | undefined;
  #isStale = false;
  #closing: Promise<void> | undefined;
  #again: NodeJS.Timeout | undefined;

  constructor({ shown, options: place }: AmqpPlace, options: TransportOptions) {
    this.log = options.log;
    this.namespace = options.namespace;
    this.id = options.id;
    this.#shown = shown;
    this.#options = options;
    this.#conn = new Connection(place);
    refuseStrangers(this.#conn);
    this.#conn.on('connection', () => (this.#isUp = true));
    this.#conn.on('error', (error: unknown) => {
      this.#isUp = this.isBlocked = false;
      this.#lose(error);
    });
  }

  /** Begins the name of everything of ours in the server. */
  name(kind: string, ...names: (string | number)[]): string {
    return [this.namespace, kind, ...names].join('.');
  }

  /** Rejects with `broker_unavailable`; it is closed then. */
  async open(parts: readonly Part[]): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#conn.once('connection', resolve);
        this.#conn.once('error', reject);
      });
      for (const part of parts) {
        this.#parts.add(part);
        await part.restore();
      }
    } catch (thrown) {
      await this.close();
      throw this.unavailable(thrown);
    }
    this.#isOpen = true;
    this.isLost = false;
    this.#conn.on('connection', () => this.#restore());
    this.#conn.on('connection.blocked', (reason: string) => {
      this.isBlocked = true;
      this.#lose(new Error(`it takes nothing at the moment: ${reason}`));
    });
    this.#conn.on('connection.unblocked', () => {
      this.isBlocked = false;
      this.#restore();
    });
    if (!this.#isUp) this.#lose(new Error('it has gone already'));
  }

  /** Makes it, and from now on makes it anew whenever it is gone. */
  async add(part: Part): Promise<void> {
    this.#parts.add(part);
    try {
      await part.restore();
    } catch (thrown) {
      this.#parts.delete(part);
      throw this.unavailable(thrown);
    }
  }

  drop(part: Part): void {
    this.#parts.delete(part);
  }

  /** A channel for a part; when it closes unasked, the part is made anew. */
  async channel(part: Part): Promise<Channel> {
    let why: unknown;
    const channel = await this.#acquire((error) => (why = error));
    channel.once('close', () =>
      setImmediate(() => {
        // The loss of the connection is told of by itself.
        if (this.#isClosing || !this.#parts.has(part) || !this.#isUp) return;
        const err = why ?? new Error('the server closed a channel');
        this.log.warn({ err }, 'a channel to the broker is lost; it is being made again');
        if (part.isVital) this.#lose(err);
        this.#restore();
      }),
    );
    return channel;
  }

  /**
   * What is written from here to the end of this turn of the event loop goes to the system at once,
   * which is most of what a small message costs. The client writes each by itself.
   */
  batch(): void {
    if (this.#corked) return;
    this.#corked = (this.#conn as unknown as { _socket?: Socket })._socket;
    if (!this.#corked) return;
    this.#corked.cork();
    setImmediate(this.#flush);
  }

  /** Does something that may fail and take its channel with it; rejects with what the server said. */
  async errand<T>(task: (channel: Channel) => Promise<T>): Promise<T> {
    const channel = this.#idle.pop() ?? (await this.#acquire(() => undefined));
    try {
      const result = await task(channel);
      if (channel.active) this.#idle.push(channel);
      return result;
    } catch (thrown) {
      void channel.close();
      throw thrown;
    }
  }

  unavailable(cause?: unknown): FuncatronError {
    if (cause instanceof FuncatronError) return cause;
    const why = cause instanceof Error ? `: ${reasonOf(cause)}` : '';
    const detail = `the RabbitMQ at ${this.#shown} cannot be reached or refuses${why}`;
    const headers = { 'retry-after': '1' };
    return new FuncatronError('broker_unavailable', detail, { cause, headers });
  }

  /** What is written has reached the server by then. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#again);
    const late = setTimeout(() => this.#conn.unsafeDestroy(), leaveMs);
    if (this.#isUp) await Promise.all([...this.#channels].map((channel) => channel.close()));
    await this.#conn.close().catch(() => undefined);
    clearTimeout(late);
  }

  #uncork(): void {
    const socket = this.#corked;
    this.#corked = undefined;
    socket?.uncork();
  }

  async #acquire(onError: (error: unknown) => void): Promise<Channel> {
    if (!this.#isUp) throw this.unavailable();
    const channel = await this.#conn.acquire({ emitErrorsFromChannel: true });
    this.#channels.add(channel);
    channel.on('error', onError);
    channel.once('close', () => {
      this.#channels.delete(channel);
      const index = this.#idle.indexOf(channel);
      if (index >= 0) this.#idle.splice(index, 1);
    });
    return channel;
  }

  #lose(error: unknown): void {
    if (this.isLost || this.#isClosing || !this.#isOpen) return;
    this.isLost = true;
    this.lostAt = Date.now();
    this.#options.onLost(this.unavailable(error));
  }

  #restore(): void {
    clearTimeout(this.#again);
    if (this.#restoring) this.#isStale = true;
    else
      this.#restoring = this.#restoreParts().finally(() => {
        this.#restoring = undefined;
        if (this.#isStale) this.#restore();
      });
  }

  async #restoreParts(): Promise<void> {
    this.#isStale = false;
    const parts = [...this.#parts];
    try {
      for (const part of parts) if (part.isVital) await part.restore();
    } catch (thrown) {
      return this.#tryAgain(thrown);
    }
    const others = parts.filter(({ isVital }) => !isVital);
    const ends = await Promise.allSettled(others.map((part) => part.restore()));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) this.#tryAgain(failed.reason);
    if (!this.isLost || this.#isClosing || this.isBlocked || !this.#isUp) return;
    this.isLost = false;
    this.#options.onRestored();
  }

  /** Where the connection is lost again, its return is what to wait for. */
  #tryAgain(err: unknown): void {
    if (this.#isClosing || !this.#isUp) return;
    this.log.warn({ err }, 'not all could be made again in the broker; it is tried again');
    this.#again = setTimeout(() => this.#restore(), againMs);
  }
}

/** Whether the server refuses with one of its reply codes, by the client's names for them. */
export function isRefusal(thrown: unknown, ...codes: string[]): boolean {
  return thrown instanceof Error && 'code' in thrown && codes.includes(String(thrown.code));
}

/** What failed, and what to do about it. */
function reasonOf({ message }: Error): string {
  // The client adds to one message what else failed by it, and before it a name it may not know.
  const why = message.split(';', 1)[0]!.replace(/^undefined: /, '');
  if (why.includes('ACCESS_REFUSED')) return `${why}; check user and password in --broker`;
  if (why.includes('vhost')) return `${why}; the path of --broker names the virtual host`;
  return why;
}

/**
 * The client believes whatever length a server sends first, even one so large that reading it ends
 * this process. RabbitMQ's own port for web pages is such a server.
 */
function refuseStrangers(conn: Connection): void {
  const socket = (conn as unknown as { _socket?: Socket })._socket;
  if (!socket) return;
  const read = socket.read.bind(socket);
  socket.read = (bytes?: number) => {
    if (bytes === undefined || bytes <= frameBytes) return read(bytes);
    socket.destroy(new Error('what listens there is no AMQP server: is it the right port?'));
    return null;
  };
}
