/** `funcatron frontend`: the HTTP door in a process of its own. */
import { resolve } from 'node:path';
import type { FrontendRoleOptions } from '../config/role-options.ts';
import { openLog, runServer } from './server-command.ts';
import type { Terminal } from './terminal.ts';

export async function frontend(options: FrontendRoleOptions, terminal: Terminal): Promise<void> {
  const log = openLog(options);
  const data = resolve(terminal.cwd, options.data);
  await runServer(async () => {
    const { startFrontend } = await import('./role/frontend-role.ts');
    const role = await startFrontend({ ...options, data }, log);
    const { url, metricsUrl } = role;
    log.info({ url }, `frontend at ${url}, its metrics at ${metricsUrl}/metrics`);
    return {
      close: async () => {
        log.info('shutting down: calls in flight are finished');
        await role.close();
      },
    };
  });
}
