/** A frontend in a process of its own. */
import type { FrontendRoleOptions } from '../../config/role-options.ts';
import type { Frontend } from '../../frontend/frontend.ts';
import type { Log } from '../../log.ts';
import { Closing } from '../closing.ts';
import { openFrontend } from './frontend-part.ts';
import { openNodeBase } from './node-base.ts';

export interface FrontendRole {
  readonly frontend: Frontend;
  /** Where bundles are called. */
  readonly url: string;
  /** Where `/healthz` and `/metrics` are. */
  readonly metricsUrl: string;
  /** Lets calls in flight end. */
  close(): Promise<void>;
}

/** Rejects with `option_invalid`, `address_in_use` or `broker_unavailable`. */
export async function startFrontend(options: FrontendRoleOptions, log: Log): Promise<FrontendRole> {
  const closing = new Closing();
  const { frontend, status } = await closing.guard(() => start(options, log, closing));
  const { url: metricsUrl } = status;
  return { frontend, url: frontend.url, metricsUrl, close: () => closing.close() };
}

async function start(options: FrontendRoleOptions, log: Log, closing: Closing) {
  const enabled = (): Set<string> => new Set(frontend.routes.map(({ sha }) => sha));
  const base = await openNodeBase('frontend', options, log, closing, {
    wanted: enabled,
    inUse: enabled,
    onRestored: () => frontend.wake(),
  });
  const { status, control } = base;
  const frontend = openFrontend({ ...options, dev: false }, { ...base, log }, control);
  closing.add(() => frontend.close());
  await status.listen(options.metricsHost, options.metricsPort, '--metrics-port');
  await frontend.listen({ host: options.host, port: options.port });
  return { frontend, status };
}
