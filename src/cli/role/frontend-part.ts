/** A frontend as its options describe it: alone in its process, or beside the others in `serve`. */
import type { frontendOptions, runnerOptions } from '../../config/options.ts';
import type { functionDoorOptions } from '../../config/gateway-options.ts';
import type { Values } from '../../config/option.ts';
import { createFrontend } from '../../frontend/frontend.ts';
import type { Frontend, FrontendParts } from '../../frontend/frontend.ts';
import type { FrontendOptions } from '../../frontend/option.ts';
import { readCallbackAllow } from '../callback-option.ts';
import { readCors } from '../cors-option.ts';
import { readServices } from '../services-option.ts';
import type { ServingParts } from './part.ts';

export type FrontendPartOptions = Values<typeof frontendOptions & typeof functionDoorOptions> &
  Pick<Values<typeof runnerOptions>, 'drain'> &
  Partial<Pick<FrontendOptions, 'beforeCall' | 'notice' | 'nothingHere'>> & {
    /** Stacks in answers, docs at the door. */
    dev: boolean;
  };

export function openFrontend(
  options: FrontendPartOptions,
  parts: ServingParts,
  control: FrontendParts['control'] = {},
): Frontend {
  const { broker, contracts, log, metrics } = parts;
  const { bodyMax, directOver, directMax, headersMax, uriMax } = options;
  const { connectionsMax, accessLog, dev } = options;
  return createFrontend({
    ...{ broker, contracts, log, metrics, control },
    options: {
      ...{ bodyMax, directOver, directMax, headersMax, uriMax, connectionsMax, accessLog, dev },
      docs: dev,
      headersTimeoutMs: options.headersTimeout,
      requestTimeoutMs: options.requestTimeout,
      keepAliveMs: options.keepAlive,
      stallTimeoutMs: options.stallTimeout,
      websocketIdleMs: options.websocketIdle,
      routesWaitMs: options.routesWait,
      drainMs: options.drain,
      cors: readCors(options.cors),
      callbackAllow: readCallbackAllow(options.callbackAllow),
      services: readServices(options.services),
      beforeCall: options.beforeCall,
      notice: options.notice,
      ...(options.nothingHere !== undefined && { nothingHere: options.nothingHere }),
    },
  });
}
