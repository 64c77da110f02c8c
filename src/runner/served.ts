/** What a runner serves from a queue, and what of it another message may change. */
import type { Consumer } from '../broker/broker.ts';
import { enablingOf } from '../message.ts';
import type { Route } from '../message.ts';
import type { Deployment } from './deployment.ts';

export interface Served {
  deployment: Deployment;
  consumer: Consumer;
  /** Its revision is of another store than the Trons have now: any is newer. */
  isForeign?: boolean;
}

export function revisionOf(served: Served | undefined): number {
  return !served || served.isForeign ? -1 : served.deployment.route.revision;
}

/** Whether routes differ in nothing but what is wanted of workers. */
export function isSameEnabling(one: Route, other: Route): boolean {
  return one.sha === other.sha && enablingOf(one) === enablingOf(other);
}
