/** A whole route table against what a runner serves. */
import type { Route } from '../message.ts';

/** What a runner serves that the table does not have, or not yet: the Tron knows whether to. */
export interface Ahead {
  queue: string;
  revision: number;
}

/**
 * What to take up from the table, and what is served beside or beyond it: that may be disabled by
 * now, or be in the middle of being enabled, so a runner does not judge it.
 */
export function compareTable(
  served: readonly Route[],
  table: readonly Route[],
): { newer: Route[]; ahead: Ahead[] } {
  const left = new Map(served.map((route) => [route.queue, route]));
  const newer: Route[] = [];
  const ahead: Ahead[] = [];
  const note = ({ queue, revision }: Route): void => void ahead.push({ queue, revision });
  for (const route of table) {
    const mine = left.get(route.queue);
    left.delete(route.queue);
    if (!mine || mine.revision < route.revision) newer.push(route);
    else if (mine.revision > route.revision) note(mine);
  }
  for (const route of left.values()) note(route);
  return { newer, ahead };
}
