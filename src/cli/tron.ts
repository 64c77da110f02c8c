/** `funcatron tron`: the control plane in a process of its own. */
import { resolve } from 'node:path';
import type { TronRoleOptions } from '../config/role-options.ts';
import { openLog, runServer } from './server-command.ts';
import type { Terminal } from './terminal.ts';

export async function tron(options: TronRoleOptions, terminal: Terminal): Promise<void> {
  const log = openLog(options);
  const data = resolve(terminal.cwd, options.data);
  await runServer(async () => {
    const { startTron } = await import('./role/tron-role.ts');
    const role = await startTron({ ...options, data }, log);
    const { url } = role;
    log.info({ url }, `Tron at ${url}, its API described at ${url}/docs`);
    return {
      close: async () => {
        log.info('shutting down');
        await role.close();
      },
    };
  });
}
