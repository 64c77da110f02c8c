/**
 * Brings nodes up to date: with the whole table when one comes, and when a heartbeat's digest shows
 * that it serves something else. Only the leading Tron does.
 *
 * A runner leaves alone what it serves beyond the table, and tells of it: a bundle may be in the
 * middle of being enabled, or was when its Tron died. That is settled here, place by place, and only
 * where nobody is changing anything.
 */
import { digestOf, splitTable } from '../control/table.ts';
import { toFault } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ControlMessage } from '../message.ts';
import type { Node, Nodes } from './nodes.ts';
import type { LeasedTurns } from './leased-turn.ts';
import { bareRoute } from './route-table.ts';
import type { RouteTable } from './route-table.ts';

interface Parts {
  nodes: Nodes;
  table: RouteTable;
  turns: LeasedTurns;
  log: Log;
  leads(): boolean;
  /** Time a node gets to take a table. */
  timeoutMs: number;
}

interface Served {
  queue: string;
  revision: number;
}

export class Sync {
  readonly #parts: Parts;
  /** Nodes that are being told the table now. */
  readonly #telling = new Set<string>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Tells a node that has nothing yet everything it needs. */
  async welcome(node: Node): Promise<void> {
    await this.#tell(node, () => true);
  }

  /** Compares what a node serves with what it should. */
  async compare(node: Node, { digest, revision }: ControlMessage): Promise<void> {
    await this.#tell(node, (right) => digest !== right, Number(revision ?? 0));
  }

  /** `known`: the revision of the table that the node has. */
  async #tell(node: Node, isNeeded: (digest: string) => boolean, known = 0): Promise<void> {
    const { nodes, table, log, leads, timeoutMs } = this.#parts;
    if (!leads() || this.#telling.has(node.id)) return;
    this.#telling.add(node.id);
    try {
      const { routes, revision: now } = await table.read();
      if (!isNeeded(digestOf(routes))) return;
      // The store was brought back from a copy: the table is older than nodes remember.
      const revision = known > now ? await table.commit([], known) : now;
      const parts = splitTable({ routes: routes.map(bareRoute), revision });
      const ack = await nodes.askOne(node, 'route', parts, timeoutMs);
      for (const served of ack.ahead as Served[]) await this.#settle(node, served);
    } catch (thrown) {
      log.error({ err: thrown, node: node.id }, toFault(thrown).message);
    } finally {
      this.#telling.delete(node.id);
    }
  }

  /** Has a runner, and all that may be like it, agree with the table about one place. */
  async #settle({ id }: Node, { queue, revision }: Served): Promise<void> {
    const { nodes, table, turns, log } = this.#parts;
    await turns.tryTake(queue, async (hold) => {
      const { routes } = await table.read();
      const route = routes.find((one) => one.queue === queue);
      if (!route) return nodes.tell('disable', { queue, revision }, id);
      if (route.revision >= revision) return;
      // What it serves never came to be, but may be newer than the table says: so is this.
      const next = { ...route, revision: await table.nextRevision(revision) };
      hold.assert();
      await table.commit([{ put: 'route', route: next }]);
      log.warn({ node: id, queue, revision }, 'a runner was ahead of the table: it goes back');
      await nodes.tell('enable', { route: bareRoute(next), prepare: false });
    });
  }
}
