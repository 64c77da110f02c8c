/** `funcatron serve`: everything in one process, durable. */
import { serveOptions } from '../config/options.ts';
import { openLog, optionValues, untilStopped } from './server-command.ts';
import type { Terminal } from './terminal.ts';

export async function serve(flags: Record<string, unknown>, terminal: Terminal): Promise<void> {
  const options = optionValues(serveOptions, flags, terminal);
  const log = openLog(options);
  const { startPlatform } = await import('./platform.ts');
  const platform = await startPlatform({ ...options, dev: false }, log);
  const { frontend, tron } = platform;
  log.info({ url: frontend.url }, `frontend at ${frontend.url}`);
  log.info({ url: tron.url }, `Tron at ${tron.url}, its API described at ${tron.url}/docs`);
  await untilStopped(async () => {
    log.info('shutting down: calls in flight are finished');
    await platform.close();
  });
}
