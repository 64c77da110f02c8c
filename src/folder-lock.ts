/**
 * Keeps two processes from using one folder. SQLite's file lock is the one that Node offers and
 * that the operating system lets go of by itself, however the process ends.
 */
import { join } from 'node:path';
import { FuncatronError } from './errors.ts';

const sqliteBusy = 5;

/**
 * Holds `dir` until the function it resolves with is called. Rejects with `option_invalid` when
 * another process has it, or it cannot be written.
 */
export async function holdFolder(dir: string): Promise<() => void> {
  const { DatabaseSync } = await import('node:sqlite');
  let database;
  try {
    database = new DatabaseSync(join(dir, 'lock'));
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database?.close();
    const busy = (cause as { errcode?: number }).errcode === sqliteBusy;
    const why = busy
      ? 'is in use by another process; stop it'
      : `cannot be written (${(cause as Error).message}); make it writable`;
    const detail = `${dir} ${why}, or choose another --data folder`;
    throw new FuncatronError('option_invalid', detail, { cause });
  }
  const held = database;
  return () => held.close();
}
