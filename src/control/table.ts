/**
 * A route table in control messages. It may be larger than a broker carries in one message, so it
 * goes in parts that share a message id; and two tables are compared by digests.
 */
import { createHash } from 'node:crypto';
import { FuncatronError } from '../errors.ts';
import type { ControlMessage, Route } from '../message.ts';

/** Well below what any broker takes in one message. */
const partBytesMax = 256 * 1024;
/** Tables whose parts are still coming, at most. */
const openMax = 8;

export interface Table {
  routes: Route[];
  revision: number;
}

/** The fields of one `route` message each. */
export function splitTable({ routes, revision }: Table): Record<string, unknown>[] {
  const parts: Route[][] = [[]];
  let bytes = 0;
  for (const route of routes) {
    const routeBytes = Buffer.byteLength(JSON.stringify(route));
    if (bytes > 0 && bytes + routeBytes > partBytesMax) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(route);
    bytes += routeBytes;
  }
  return parts.map((some, part) => ({ routes: some, revision, part, parts: parts.length }));
}

/** Puts tables together again. */
export class TableInbox {
  readonly #open = new Map<string, Route[][]>();

  /**
   * The whole table, once its last part is here. Throws `bad_request` for what is no table: half of
   * one must not replace a whole one.
   */
  take(message: ControlMessage): Table | undefined {
    const { msgId, revision, routes, part, parts } = readPart(message);
    if (parts === 1) return { routes, revision };
    const open = this.#open.get(msgId) ?? [];
    open[part] = routes;
    if (Object.keys(open).length === parts) {
      this.#open.delete(msgId);
      return { routes: open.flat(), revision };
    }
    this.#open.set(msgId, open);
    if (this.#open.size > openMax) this.#open.delete(this.#open.keys().next().value!);
    return undefined;
  }
}

function readPart(message: ControlMessage) {
  const { msgId, from, routes, revision, part = 0, parts = 1 } = message;
  const isPart =
    Array.isArray(routes) &&
    routes.every(isRoute) &&
    typeof revision === 'number' &&
    Number.isInteger(part) &&
    Number.isInteger(parts) &&
    Number(part) >= 0 &&
    Number(part) < Number(parts);
  if (isPart)
    return { msgId, routes: routes as Route[], revision, part: Number(part), parts: Number(parts) };
  throw new FuncatronError(
    'bad_request',
    `control message ${msgId} from ${from} holds no route table`,
  );
}

/** Whether it is a route, as it came over a wire or from a file. */
export function isRoute(route: Partial<Route> | null | undefined): route is Route {
  return (
    typeof route?.basePath === 'string' &&
    route.basePath.startsWith('/') &&
    typeof route.queue === 'string' &&
    typeof route.sha === 'string' &&
    typeof route.name === 'string' &&
    (route.host === null || typeof route.host === 'string')
  );
}

/** Equal for tables that have the same routes in the same revisions, in whatever order. */
export function digestOf(routes: readonly Pick<Route, 'queue' | 'sha' | 'revision'>[]): string {
  const lines = routes.map(({ queue, sha, revision }) => `${queue} ${sha} ${revision}`);
  return createHash('sha256').update(lines.toSorted().join('\n')).digest('hex').slice(0, 16);
}
