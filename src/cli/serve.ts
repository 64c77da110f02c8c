/** `funcatron serve`: everything in one process, durable. */
import { resolve } from 'node:path';
import type { ServeOptions } from '../config/options.ts';
import { openLog, runServer } from './server-command.ts';
import type { Terminal } from './terminal.ts';

export async function serve(options: ServeOptions, terminal: Terminal): Promise<void> {
  const log = openLog(options);
  const data = resolve(terminal.cwd, options.data);
  await runServer(async () => {
    const { startPlatform } = await import('./platform.ts');
    const platform = await startPlatform({ ...options, data, dev: false }, log);
    const { frontend, tron } = platform;
    log.info({ url: frontend.url }, `frontend at ${frontend.url}`);
    log.info({ url: tron.url }, `Tron at ${tron.url}, its API described at ${tron.url}/docs`);
    return {
      close: async () => {
        log.info('shutting down: calls in flight are finished');
        await platform.close();
      },
    };
  });
}
