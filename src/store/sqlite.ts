/** One SQLite file, or memory. */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { FuncatronError } from '../errors.ts';
import type { Database, Row, Statement, Steps, Value } from './database.ts';
import { migrations } from './migration.ts';

/** Another process, such as `funcatron token`, holds the file only for moments. */
const busyTimeoutMs = 5000;
/** Of different statements; what has a varying number of values would be kept for ever. */
const preparedMax = 200;

export class SqliteDatabase implements Database {
  readonly clock = `CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)`;
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
  }

  /** Rejects with `store_failed` when the file cannot be used or is of a later version. */
  static async open(path: string): Promise<SqliteDatabase> {
    try {
      if (path !== ':memory:') await makePrivate(path);
      const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
      try {
        database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
        migrate(database, path);
        return new SqliteDatabase(database, path);
      } catch (thrown) {
        database.close();
        throw thrown;
      }
    } catch (cause) {
      throw failed(path, 'opened', cause);
    }
  }

  async read(...statement: Statement): Promise<Row[]> {
    try {
      return this.#run(statement);
    } catch (cause) {
      throw failed(this.#path, 'read', cause);
    }
  }

  async write(...statement: Statement): Promise<Row[]> {
    try {
      return this.#run(statement);
    } catch (cause) {
      throw failed(this.#path, 'written', cause);
    }
  }

  async transaction<T>(steps: Steps<T>): Promise<T> {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const running = steps();
        let step = running.next();
        while (!step.done) step = running.next(this.#run(step.value));
        this.#database.exec('COMMIT');
        return step.value;
      } catch (thrown) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw thrown;
      }
    } catch (cause) {
      throw failed(this.#path, 'written', cause);
    }
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
  }

  #run([sql, ...values]: Statement): Row[] {
    return this.#prepare(sql).all(...(values as Value[])) as Row[];
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      if (this.#statements.size >= preparedMax) this.#statements.clear();
      this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    }
    return statement;
  }
}

/** SQLite gives its other files the mode of this one; it holds props, so only we may read it. */
async function makePrivate(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'a', 0o600);
  await file.close();
}

function migrate(database: DatabaseSync, path: string): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get()!;
  if (Number(version) > migrations.length)
    throw new FuncatronError(
      'store_failed',
      `${path} was written by a later version of funcatron; update, or choose another store`,
    );
  if (Number(version) === migrations.length) return;
  database.exec('BEGIN IMMEDIATE');
  // Another process may have migrated while this one waited for the lock.
  const now = Number(database.prepare('PRAGMA user_version').get()!.user_version);
  for (const sql of migrations.slice(now)) database.exec(sql);
  database.exec(`PRAGMA user_version = ${migrations.length}; COMMIT`);
}

function failed(path: string, what: string, cause: unknown): FuncatronError {
  if (cause instanceof FuncatronError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  const detail = `the store ${path} could not be ${what}: ${why}`;
  return new FuncatronError('store_failed', detail, { cause });
}
