/** What is enabled where, with a revision that grows with every change of it. */
import { FuncatronError } from '../errors.ts';
import type { Route } from '../message.ts';
import type { Change, EnabledRoute, Store } from '../store/store.ts';

export interface Table {
  readonly routes: readonly EnabledRoute[];
  readonly revision: number;
}

export class RouteTable {
  readonly #store: Store;
  #last: Table | undefined;
  /** Called after every change that was made here, not by another Tron. */
  onCommit = (): void => {};

  constructor(store: Store) {
    this.#store = store;
  }

  /** Longest base path first, as they are matched. */
  async read(): Promise<Table> {
    // The revision first: with newer routes than it says, nodes only hear of them once more.
    const revision = Number((await this.#store.setting('table')) ?? 0);
    // Nodes are compared with it all the time, and it changes now and then.
    if (this.#last?.revision === revision && revision > 0) return this.#last;
    const routes = await this.#store.routes();
    routes.sort((a, b) => b.basePath.length - a.basePath.length || compare(a, b));
    return (this.#last = { routes, revision });
  }

  async find(host: string | null, basePath: string): Promise<EnabledRoute | undefined> {
    const routes = await this.#store.routes();
    return routes.find((route) => route.host === host && route.basePath === basePath);
  }

  /** A revision that nothing has had yet; `beyond`: one that something has, though it should not. */
  nextRevision(beyond = 0): Promise<number> {
    return this.#grow(beyond, () => []);
  }

  /** Makes the changes under a new revision of the table. */
  async commit(changes: readonly Change[], beyond = 0): Promise<number> {
    const revision = await this.#grow(beyond, (next) => [
      ...changes,
      { put: 'setting', name: 'table', value: next },
    ]);
    this.onCommit();
    return revision;
  }

  async #grow(beyond: number, changes: (revision: number) => Change[]): Promise<number> {
    for (;;) {
      const was = await this.#store.setting('revision');
      const revision = Math.max(Number(was ?? 0), beyond) + 1;
      const count: Change = { put: 'setting', name: 'revision', value: revision, was };
      try {
        await this.#store.commit([count, ...changes(revision)]);
        return revision;
      } catch (thrown) {
        // Somebody else took that revision: take the next one.
        if (!(thrown instanceof FuncatronError) || thrown.code !== 'route_conflict') throw thrown;
      }
    }
  }
}

/** A route as frontends and runners get it. */
export function bareRoute(enabled: EnabledRoute): Route {
  const { enabledAt: _enabledAt, asked: _asked, ...route } = enabled;
  return route;
}

function compare(a: Route, b: Route): number {
  const [one, other] = [`${a.basePath} ${a.host ?? ''}`, `${b.basePath} ${b.host ?? ''}`];
  return one < other ? -1 : Number(one > other);
}
