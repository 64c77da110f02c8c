/** Options of the roles as processes of their own, made of those of `serve` and a few more. */
import {
  brokerOptions,
  bundleOptions,
  copyOptions,
  directOptions,
  frontendOptions,
  logOptions,
  queueOptions,
  runnerOptions,
  stateOptions,
  tronOptions,
} from './options.ts';
import { functionDeskOptions, functionDoorOptions } from './gateway-options.ts';
import { grouped, port, text } from './option.ts';
import type { Values } from './option.ts';

/** Options of a frontend or a runner that is a process of its own. */
export const nodeOptions = grouped('State', {
  data: stateOptions.data,
  ...brokerOptions,
});

const nodeRoleOptions = {
  ...nodeOptions,
  ...copyOptions,
  ...queueOptions,
  bundleMax: bundleOptions.bundleMax,
  ...logOptions,
};

export const frontendRoleOptions = {
  ...frontendOptions,
  ...functionDoorOptions,
  ...grouped('Frontend', {
    drain: runnerOptions.drain,
    metricsHost: text('--metrics-host <address>', 'address of its metrics', '127.0.0.1'),
    metricsPort: port('--metrics-port <port>', 'port of its metrics', 8081),
  }),
  ...directOptions,
  ...nodeRoleOptions,
};

export type FrontendRoleOptions = Values<typeof frontendRoleOptions>;

export const runnerRoleOptions = {
  ...runnerOptions,
  ...directOptions,
  ...grouped('Runner', {
    stallTimeout: frontendOptions.stallTimeout,
    runnerHost: text('--runner-host <address>', 'address of its health and metrics', '127.0.0.1'),
    runnerPort: port('--runner-port <port>', 'port of its health and metrics', 4000),
  }),
  ...nodeRoleOptions,
};

export type RunnerRoleOptions = Values<typeof runnerRoleOptions>;

export const tronRoleOptions = {
  ...tronOptions,
  ...functionDeskOptions,
  ...directOptions,
  ...grouped('Tron', {
    bodyMax: frontendOptions.bodyMax,
    stallTimeout: frontendOptions.stallTimeout,
  }),
  ...bundleOptions,
  ...queueOptions,
  ...stateOptions,
  ...copyOptions,
  ...logOptions,
};

export type TronRoleOptions = Values<typeof tronRoleOptions>;
