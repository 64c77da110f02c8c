/**
 * Services: a props object with a `type` under key K is opened by the provider of that type, and is
 * `ctx.services.K`. One whose provider has `begin` is a transaction: committed when the Func
 * returned, rolled back when it threw.
 */
import { Log } from './output.js';

/**
 * @typedef {object} Provider
 * @property {(name: string, props: object, log: Log) => unknown} open
 * @property {(handle: unknown) => unknown} [begin]
 * @property {(transaction: unknown) => unknown} [commit]
 * @property {(transaction: unknown) => unknown} [rollback]
 * @property {(handle: unknown) => unknown} [close]
 */

/** All services of a bundle. */
export class Services {
  /** @type {Map<string, {provider: Provider, handle: unknown}>} */
  #opened = new Map();
  /** @type {Map<string, string>} */
  #unmade = new Map();

  /** @param {Record<string, Provider>} providers */
  static async open(providers, props, output) {
    const services = new Services();
    for (const [name, value] of Object.entries(props)) {
      if (typeof value?.type !== 'string') continue;
      const provider = providers[value.type];
      if (typeof provider?.open !== 'function') services.#unmade.set(name, value.type);
      else {
        const handle = await provider.open(name, value, new Log(output));
        services.#opened.set(name, { provider, handle });
      }
    }
    return services;
  }

  /** The services of one call. */
  forCall() {
    return new CallServices(this.#opened, this.#unmade);
  }

  async close() {
    for (const { provider, handle } of [...this.#opened.values()].reverse())
      await provider.close?.(handle);
  }
}

/** What `ctx.services` hands out, and what it has to settle in the end. */
export class CallServices {
  /** @type {{name: string, provider: Provider, transaction: unknown}[]} */
  #begun = [];
  #over = false;
  /** What the Func sees. */
  view = {};

  constructor(opened, unmade) {
    for (const [name, { provider, handle }] of opened) {
      const get = provider.begin ? () => this.#begin(name, provider, handle) : () => handle;
      Object.defineProperty(this.view, name, { enumerable: true, get });
    }
    for (const [name, type] of unmade) {
      const get = () => {
        throw new Error(`props.${name} has type "${type}", but services.${type} is not exported`);
      };
      Object.defineProperty(this.view, name, { get });
    }
  }

  #begin(name, provider, handle) {
    let entry = this.#begun.find((other) => other.name === name);
    if (entry) return entry.transaction;
    if (this.#over) throw new Error(`ctx.services.${name} was asked for after the call was over`);
    entry = { name, provider, transaction: provider.begin(handle) };
    this.#begun.push(entry);
    return entry.transaction;
  }

  async commit() {
    this.#over = true;
    while (this.#begun.length > 0) {
      const { provider, transaction } = this.#begun.shift();
      await provider.commit?.(await transaction);
    }
  }

  /** Rolls back what was begun and not committed; hands over what went wrong meanwhile. */
  async rollback() {
    this.#over = true;
    const failures = [];
    for (const { provider, transaction } of this.#begun.splice(0).reverse()) {
      try {
        await provider.rollback?.(await transaction);
      } catch (error) {
        failures.push(error);
      }
    }
    return failures;
  }
}
