/** `funcatron runner`: what runs the Funcs, in a process of its own. */
import { resolve } from 'node:path';
import type { RunnerRoleOptions } from '../config/role-options.ts';
import { openLog, runServer } from './server-command.ts';
import type { Terminal } from './terminal.ts';

export async function runner(options: RunnerRoleOptions, terminal: Terminal): Promise<void> {
  const log = openLog(options);
  const data = resolve(terminal.cwd, options.data);
  await runServer(async () => {
    const { startRunner } = await import('./role/runner-role.ts');
    const role = await startRunner({ ...options, data }, log);
    log.info({ url: role.url }, `runner ready, its health at ${role.url}/healthz`);
    return {
      close: async () => {
        log.info('shutting down: calls in flight are finished');
        await role.close();
      },
    };
  });
}
