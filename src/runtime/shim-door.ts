/**
 * Where dev shims connect: one at a time. A second one is told who is there; but one that has been
 * silent for long must answer a question to keep its place, as its host may be gone or it may hang.
 */
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { FuncatronError } from '../errors.ts';
import { ShimLink } from './shim-link.ts';
import type { ShimEvents } from './shim-link.ts';
import { showDuration } from '../unit.ts';

export interface ShimDoorOptions {
  /** Bytes of one line, at most. */
  lineBytesMax: number;
  onSwagger: ShimEvents['onSwagger'];
  /** The one that was there is gone. */
  onGone: () => void;
  say: (text: string) => void;
  patience?: Partial<Patience>;
}

interface Patience {
  /** Time a connection has to say hello. */
  greetMs: number;
  /** Silence after which a shim must answer before another is refused for its sake. */
  silentMs: number;
  /** Time it has for that. */
  answerMs: number;
}

const patienceDefault: Patience = { greetMs: 10_000, silentMs: 60_000, answerMs: 5_000 };
const loopback = '127.0.0.1';
const connectionsMax = 32;

export class ShimDoor {
  readonly #options: ShimDoorOptions;
  readonly #patience: Patience;
  readonly #server: Server;
  readonly #links = new Set<ShimLink>();
  readonly #events: ShimEvents;
  #link: ShimLink | undefined;
  #isClosed = false;

  constructor(options: ShimDoorOptions) {
    const { say, onSwagger } = options;
    this.#options = options;
    this.#patience = { ...patienceDefault, ...options.patience };
    this.#server = createServer((socket) => this.#onConnection(socket));
    this.#server.maxConnections = connectionsMax;
    this.#events = {
      onGreeted: (link) => this.#take(link),
      onSwagger,
      onBadLine: (link, message) => say(`dev shim ${link.name}: ${message}`),
      onLate: (link, operationId) =>
        say(
          `dev shim ${link.name}: ${operationId} answered too late; --shim-timeout gives it more`,
        ),
    };
  }

  /** Who is there now. */
  get link(): ShimLink | undefined {
    return this.#link;
  }

  /** Resolves with the port. Rejects with `address_in_use`. */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (cause) => {
        const detail = `cannot listen on ${loopback}:${port} for dev shims: ${cause.message}`;
        reject(
          new FuncatronError('address_in_use', `${detail}; --shim-port names another`, { cause }),
        );
      });
      this.#server.listen(port, loopback, () => {
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const link of this.#links) link.close();
    if (!this.#server.listening) return;
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #onConnection(socket: Socket): void {
    const link = new ShimLink(socket, this.#events, this.#options.lineBytesMax);
    this.#links.add(link);
    void link.gone.then(() => this.#onGone(link));
    void this.#admit(link);
  }

  async #admit(link: ShimLink): Promise<void> {
    await this.#challenge(link);
    if (this.#link) return this.#refuse(link, this.#link);
    link.listen();
    const { greetMs } = this.#patience;
    const timer = setTimeout(() => {
      const wanted = 'a dev shim begins with the line {"cmd":"hello"} in Base64';
      if (!link.isGreeted) link.refuse(`nothing came for ${showDuration(greetMs)}; ${wanted}`);
    }, greetMs);
    void link.gone.then(() => clearTimeout(timer));
  }

  /** Has a silent shim give way to a new one, unless it still answers. */
  async #challenge(next: ShimLink): Promise<void> {
    const { silentMs, answerMs } = this.#patience;
    const link = this.#link;
    if (!link || Date.now() - link.heardAt < silentMs) return;
    if (await link.isAnswering(answerMs)) return;
    const text = `gives way to ${next.name}: it did not answer for ${showDuration(answerMs)}`;
    if (!link.isOver) this.#options.say(`dev shim ${link.name} ${text}`);
    link.refuse(`this dev shim ${text}`);
    await link.gone;
  }

  #take(link: ShimLink): void {
    if (this.#link) return this.#refuse(link, this.#link);
    this.#link = link;
    this.#options.say(`dev shim ${link.name} is connected`);
  }

  #refuse(link: ShimLink, there: ShimLink): void {
    const who = `${there.name}, since ${there.since.toISOString()}`;
    link.refuse(`another dev shim is connected: ${who}; end its program first`);
    this.#options.say(`dev shim ${link.name} was sent away: another is connected (${who})`);
  }

  #onGone(link: ShimLink): void {
    this.#links.delete(link);
    if (this.#link !== link) return;
    this.#link = undefined;
    if (!this.#isClosed) this.#options.onGone();
  }
}
