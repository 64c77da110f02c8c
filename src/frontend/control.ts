/** The frontend's side of the control messages: it says that it lives, and takes routes. */
import { ControlNode } from '../control/node.ts';
import type { NodeOptions } from '../control/node.ts';
import type { Route } from '../message.ts';

export interface ControlOptions extends Pick<
  NodeOptions,
  'carrier' | 'log' | 'file' | 'onRoutes' | 'onTron' | 'onTronGone' | 'onStatsD'
> {
  /** Resolves once the table serves; rejects when a route's contract cannot be loaded. */
  setRoutes(routes: Route[], revision: number): Promise<void>;
  routes(): readonly Route[];
  forgetRevisions(): void;
  /** Where this frontend listens. */
  url(): string;
}

export function createControl(options: ControlOptions): ControlNode {
  const { setRoutes, url, ...rest } = options;
  return new ControlNode({
    ...rest,
    type: 'frontend',
    about: () => ({ url: url() }),
    setRoutes: ({ routes, revision }) => setRoutes(routes, revision),
    orders: {},
  });
}
