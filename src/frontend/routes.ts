/** The routes a door serves, and how one table takes the place of another. */
import type { Route } from '../message.ts';
import type { Door } from './door.ts';
import { RouteEntry } from './entry.ts';
import type { EntryContext } from './entry.ts';
import { RouteTable } from './route-table.ts';

export class Routes {
  readonly #door: Door;
  readonly #context: EntryContext;
  #revision = -1;
  readonly #resting: NodeJS.Timeout;
  #arrived: (() => void) | undefined;

  constructor(door: Door, context: EntryContext) {
    this.#door = door;
    this.#context = context;
    this.#expectFirst();
    this.#resting = setInterval(() => {
      for (const entry of door.table.entries) entry.rest();
    }, door.options.contractIdleMs).unref();
  }

  /**
   * Swaps the whole table; one older than what is served is ignored. Where a path in use gets
   * another contract, that is loaded first, so that no call waits for it. If it cannot be, the old
   * one stays there, all other routes are swapped, and this rejects.
   */
  async set(routes: readonly Route[], revision: number): Promise<void> {
    if (revision < this.#revision) return;
    const before = new Map(this.#door.table.entries.map((entry) => [placeOf(entry.route), entry]));
    const entries = routes.map((route) => {
      const known = before.get(placeOf(route));
      if (!known?.serves(route)) return new RouteEntry(route, this.#context);
      known.route = route;
      return known;
    });
    const failures: unknown[] = [];
    const changed = entries.filter((entry) => {
      const known = before.get(placeOf(entry.route));
      return known?.contract && known !== entry;
    });
    const load = async (entry: RouteEntry): Promise<void> => {
      try {
        await entry.load();
      } catch (thrown) {
        failures.push(thrown);
        entries[entries.indexOf(entry)] = before.get(placeOf(entry.route))!;
      }
    };
    if (changed.length > 0) await Promise.all(changed.map(load));
    if (revision < this.#revision) return;
    this.#revision = revision;
    this.#door.table = new RouteTable(entries, revision);
    this.#arrived?.();
    if (failures.length > 0) throw failures[0];
  }

  /** What is served now. */
  get list(): Route[] {
    return this.#door.table.entries.map(({ route }) => route);
  }

  /** Whatever table comes next is newer than this one. */
  forgetRevision(): void {
    this.#revision = -1;
  }

  /** Waits for no table any more. */
  close(): void {
    clearInterval(this.#resting);
    this.#arrived?.();
  }

  /** Calls may come before the first table: they wait for it, for a while. */
  #expectFirst(): void {
    const door = this.#door;
    door.firstTable = new Promise((resolve) => {
      const timer = setTimeout(() => this.#arrived?.(), door.options.routesWaitMs).unref();
      this.#arrived = () => {
        clearTimeout(timer);
        door.firstTable = undefined;
        this.#arrived = undefined;
        resolve();
      };
    });
  }
}

function placeOf({ host, basePath }: Route): string {
  return `${host ?? '*'} ${basePath}`;
}
