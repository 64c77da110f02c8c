/** What a far host has of the others: a wire that can be cut, and how it reaches them over it. */
import { freePort } from '../server/server.ts';
import { NamespaceLink, whyNoNamespace } from './namespace.ts';
import { Proxy } from './proxy.ts';
import type { Address } from './proxy.ts';

export interface Link {
  /** How the wire is made, for whoever reads the figures. */
  readonly how: string;
  /** The command that runs a program on the far host. */
  command(program: string, args: readonly string[]): [string, string[]];
  /** Where the far host reaches a port that is open here on loopback. */
  reach(port: number): Promise<Address>;
  /** Flags of a runner on the far host, for others to reach it. */
  direct(): Promise<string[]>;
  /** From now on every packet is dropped, both ways; no side is told. */
  cut(): void;
  heal(): void;
  /** Leaves nothing behind. */
  close(): void;
}

/** A network namespace where that is permitted, else proxies. */
export function openLink(): Link {
  const reason = whyNoNamespace();
  return reason === false ? new NamespaceLink() : new ProxyLink(reason);
}

const loopback = '127.0.0.1';

/** The far host is this one, and each of its connections goes through a proxy. */
class ProxyLink implements Link {
  readonly how: string;
  readonly #wires: Proxy[] = [];

  constructor(reason: string) {
    this.how = `a TCP proxy (${reason})`;
  }

  command(program: string, args: readonly string[]): [string, string[]] {
    return [program, [...args]];
  }

  async reach(port: number): Promise<Address> {
    const wire = await Proxy.open({ host: loopback, port: 0 }, { host: loopback, port });
    this.#wires.push(wire);
    return { host: loopback, port: wire.port };
  }

  async direct(): Promise<string[]> {
    const port = await freePort();
    const seen = await this.reach(port);
    const at = ['--direct-host', loopback, '--direct-port', String(port)];
    return [...at, '--direct-url', `http://${loopback}:${seen.port}`];
  }

  cut(): void {
    for (const wire of this.#wires) wire.cut();
  }

  heal(): void {
    for (const wire of this.#wires) wire.heal();
  }

  close(): void {
    for (const wire of this.#wires) wire.close();
  }
}
