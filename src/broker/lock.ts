/**
 * Keeps two processes from using one folder. SQLite's file lock is the one that Node offers and
 * that the operating system lets go of by itself, however the process ends.
 */
import { join } from 'node:path';
import { FuncatronError } from '../errors.ts';

const sqliteBusy = 5;

/** Holds `dir` until the function it resolves with is called. Rejects with `option_invalid`. */
export async function holdFolder(dir: string): Promise<() => void> {
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(join(dir, 'journal.lock'));
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    if ((cause as { errcode?: number }).errcode !== sqliteBusy) throw cause;
    const detail = `${dir} is in use by another process; stop it, or choose another --data folder`;
    throw new FuncatronError('option_invalid', detail, { cause });
  }
  return () => database.close();
}
