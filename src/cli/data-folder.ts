/** The data folder, made where it is not there yet. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FuncatronError } from '../errors.ts';

/** Only whoever runs the server may look into it. */
const mode = 0o700;

/** Throws `option_invalid` when it can be no folder. */
export async function makeDataFolder(path: string): Promise<void> {
  await makeFolder(path).catch((cause: Error) => {
    const detail = `--data ${path} cannot be made: ${cause.message}; name another folder`;
    throw new FuncatronError('option_invalid', detail, { cause });
  });
}

/** As `mkdir -p`; Node's own tries for ever below `/proc`, where nothing can be made. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || (await stat(dirname(path)).catch(() => undefined))) throw thrown;
    await makeFolder(dirname(path));
    await mkdir(path, { mode });
  }
}
