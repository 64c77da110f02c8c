/**
 * Contracts by bundle and overlay, loaded once for the whole process: in `serve` the frontend and
 * the runner share them. Only the most recently used stay loaded, so an idle bundle costs little.
 */
import { LRUCache } from 'lru-cache';
import { readContract } from '../bundle/read.ts';
import { asUnavailable } from '../bundle/unavailable.ts';
import type { Route } from '../message.ts';
import { contractId, loadContract } from '../openapi/load.ts';
import type { Contract, ContractSource } from '../openapi/contract.ts';

/** Loaded contracts kept, at most. */
const loadedMax = 200;

export class ContractCache implements ContractSource {
  readonly #path: (sha: string) => Promise<string>;
  readonly #loaded = new LRUCache<string, Contract>({ max: loadedMax });
  readonly #loading = new Map<string, Promise<Contract>>();

  /** `path` tells where the bundle file with a SHA lies. */
  constructor(path: (sha: string) => Promise<string>) {
    this.#path = path;
  }

  get(route: Route): Contract | Promise<Contract> {
    const id = contractId(route.sha, route.overlay);
    return this.#loaded.get(id) ?? this.#load(id, route);
  }

  #load(id: string, route: Route): Promise<Contract> {
    const begun = this.#loading.get(id);
    if (begun) return begun;
    const loading = this.#read(id, route).finally(() => this.#loading.delete(id));
    this.#loading.set(id, loading);
    return loading;
  }

  async #read(id: string, route: Route): Promise<Contract> {
    const source = await this.#source(route.sha);
    const contract = await loadContract(source, { id, overlay: route.overlay });
    this.#loaded.set(id, contract);
    return contract;
  }

  async #source(sha: string): ReturnType<typeof readContract> {
    try {
      return await readContract(await this.#path(sha));
    } catch (thrown) {
      throw asUnavailable(thrown, sha);
    }
  }
}
