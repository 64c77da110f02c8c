/** A runner in a process of its own. */
import { removeUnpacked } from '../../bundle/unpack.ts';
import type { RunnerRoleOptions } from '../../config/role-options.ts';
import type { Log } from '../../log.ts';
import type { Runner } from '../../runner/runner.ts';
import { Closing } from '../closing.ts';
import { openNodeBase } from './node-base.ts';
import { createRunner } from './runner-part.ts';

export interface RunnerRole {
  readonly runner: Runner;
  /** Where `/healthz` and `/metrics` are. */
  readonly url: string;
  /** Lets calls in flight end. */
  close(): Promise<void>;
}

/** Rejects with `option_invalid`, `address_in_use` or `broker_unavailable`. */
export async function startRunner(options: RunnerRoleOptions, log: Log): Promise<RunnerRole> {
  const closing = new Closing();
  const { runner, status } = await closing.guard(() => start(options, log, closing));
  return { runner, url: status.url, close: () => closing.close() };
}

async function start(options: RunnerRoleOptions, log: Log, closing: Closing) {
  const base = await openNodeBase('runner', options, log, closing, {
    wanted: () => new Set(runner.routes.map(({ sha }) => sha)),
    inUse: () => runner.shas,
    onDropped: ({ unpacked }, sha) => removeUnpacked(unpacked, sha),
    onRestored: () => runner.wake(),
  });
  const { status, dirs, control } = base;
  const runner = createRunner({ ...options, dev: false }, { ...base, log }, dirs, {
    control,
    url: () => status.url,
  });
  closing.add(() => runner.close());
  await status.listen(options.runnerHost, options.runnerPort, '--runner-port');
  await runner.start();
  return { runner, status };
}
