/**
 * Brings nodes up to date: all of it when one comes, and when a runner's heartbeat shows that it
 * missed something, that.
 */
import { toFault } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ControlMessage } from '../message.ts';
import type { EnabledRoute } from '../store/store.ts';
import type { Node, Nodes } from './nodes.ts';
import { bareRoute } from './route-table.ts';
import type { RouteTable } from './route-table.ts';

interface Parts {
  nodes: Nodes;
  table: RouteTable;
  log: Log;
  /** Whether the place with this queue is being changed now: its change tells the nodes itself. */
  isChanging: (queue: string) => boolean;
}

interface Serves {
  queue: string;
  sha: string;
}

export class Sync {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Tells a node that has nothing yet everything it needs. */
  async welcome({ id, type }: Node): Promise<void> {
    await this.#safely(id, async () => {
      const { nodes, table } = this.#parts;
      const { routes, revision } = await table.read();
      if (type === 'frontend')
        return void (await nodes.tell('route', { routes: routes.map(bareRoute), revision }, id));
      for (const route of routes) await this.#enable(route, id);
    });
  }

  /** Compares what a runner says it serves with what it should. */
  async compare({ id, type }: Node, { routes: said }: ControlMessage): Promise<void> {
    if (type !== 'runner' || !Array.isArray(said)) return;
    await this.#safely(id, async () => {
      const { nodes, table, isChanging } = this.#parts;
      const { routes, revision } = await table.read();
      const serves = new Map((said as Serves[]).map(({ queue, sha }) => [queue, sha]));
      for (const route of routes) {
        const isRight = serves.get(route.queue) === route.sha;
        serves.delete(route.queue);
        if (!isRight && !isChanging(route.queue)) await this.#enable(route, id);
      }
      for (const queue of serves.keys())
        if (!isChanging(queue)) await nodes.tell('disable', { queue, revision }, id);
    });
  }

  async #enable(route: EnabledRoute, id: string): Promise<void> {
    await this.#parts.nodes.tell('enable', { route: bareRoute(route), prepare: false }, id);
  }

  async #safely(id: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      this.#parts.log.error({ err: thrown, node: id }, toFault(thrown).message);
    }
  }
}
