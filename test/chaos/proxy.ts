/** A wire from one address to another. It can be cut: bytes stop, and nobody is told. */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { once } from 'node:events';

export interface Address {
  host: string;
  port: number;
}

export class Proxy {
  readonly #server: Server;
  readonly #target: Address;
  readonly #pairs = new Set<[Socket, Socket]>();
  #isCut = false;

  private constructor(target: Address) {
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: true }, (near) => this.#join(near));
  }

  /** `at`: where it listens, port 0 for any free one. */
  static async open(at: Address, target: Address): Promise<Proxy> {
    const proxy = new Proxy(target);
    proxy.#server.listen(at.port, at.host);
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  cut(): void {
    this.#isCut = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  heal(): void {
    this.#isCut = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  close(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    this.#server.close();
  }

  #join(near: Socket): void {
    const far = connect({ ...this.#target, allowHalfOpen: true });
    const pair: [Socket, Socket] = [near, far];
    this.#pairs.add(pair);
    for (const socket of pair)
      socket.on('close', () => {
        if (near.closed && far.closed) this.#pairs.delete(pair);
      });
    this.#carry(near, far);
    this.#carry(far, near);
  }

  #carry(from: Socket, to: Socket): void {
    from.setNoDelay(true);
    from.on('data', (chunk) => {
      if (!to.write(chunk)) from.pause();
    });
    to.on('drain', () => {
      if (!this.#isCut) from.resume();
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroySoon());
    if (this.#isCut) from.pause();
  }
}
