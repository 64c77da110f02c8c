/** Options of `dev`, and of the dev shims that connect to it. */
import { bytes, duration, flag, flagOnly, grouped, port, text } from './option.ts';
import { functionDeskOptions, functionDoorOptions } from './gateway-options.ts';
import {
  bundleOptions,
  frontendOptions,
  logOptions,
  propsOptions,
  queueOptions,
  runnerOptions,
} from './options.ts';

/** Options of dev shims: programs that connect to `dev` and run Funcs themselves. */
const shimOptions = grouped('Dev shim', {
  shim: flagOnly(flag('--shim', 'serve what a dev shim brings, and no folder')),
  shimPort: port('--shim-port <port>', 'port dev shims connect to', 54_657),
  shimTimeout: duration(
    '--shim-timeout <time>',
    'time a call of a dev shim may take, for breakpoints; 0 for what its contract says',
    0,
  ),
  shimLineMax: bytes(
    '--shim-line-max <size>',
    'longest line a dev shim may send or get',
    64 * 2 ** 20,
  ),
});

/** Options of `dev`: those of `serve` but where state lives, with defaults of their own. */
export const devOptions = {
  ...propsOptions,
  ...frontendOptions,
  ...functionDoorOptions,
  ...functionDeskOptions,
  ...grouped('Frontend', {
    host: variable(
      'FUNCATRON_DEV_HOST',
      text('--host <address>', 'address to listen on', '127.0.0.1'),
    ),
    port: variable('FUNCATRON_DEV_PORT', port('--port <port>', 'port of endpoints and docs', 3001)),
  }),
  ...runnerOptions,
  ...grouped('Runner', {
    drain: variable(
      'FUNCATRON_DEV_DRAIN',
      duration('--drain <time>', 'time calls in flight get to end at shutdown', 2_000),
    ),
  }),
  ...shimOptions,
  ...queueOptions,
  ...bundleOptions,
  ...logOptions,
};

/** The same option, given by a variable of its own: its default differs from another's. */
function variable<T extends { env: string | undefined }>(env: string, given: T): T {
  return { ...given, env };
}
