/** The store in one SQLite file, or in memory. Every commit is on disk before it resolves. */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { isDeepStrictEqual } from 'node:util';
import { FuncatronError } from '../errors.ts';
import { migrations } from './migration.ts';
import { fromRoute, routeColumns, toBundle, toRoute, toToken } from './row.ts';
import type { Row } from './row.ts';
import type { BundleRecord, Change, EnabledRoute, Store, TokenRecord } from './store.ts';

/** Another process, such as `funcatron token`, holds the file only for moments. */
const busyTimeoutMs = 5000;

const routeValues = '?, ?, ?, ?, ?, ?, ?, ?, ?';

export class SqliteStore implements Store {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
  }

  /** Rejects with `store_failed` when the file cannot be used or is of a later version. */
  static async open(path: string): Promise<SqliteStore> {
    try {
      if (path !== ':memory:') await makePrivate(path);
      const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
      try {
        database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
        migrate(database, path);
        return new SqliteStore(database, path);
      } catch (thrown) {
        database.close();
        throw thrown;
      }
    } catch (cause) {
      throw failed(path, 'opened', cause);
    }
  }

  async bundles(): Promise<BundleRecord[]> {
    return this.#all('SELECT * FROM bundle ORDER BY uploaded_at, sha').map(toBundle);
  }

  async routes(): Promise<EnabledRoute[]> {
    return this.#all('SELECT * FROM route ORDER BY revision').map(toRoute);
  }

  async past(host: string | null, basePath: string): Promise<EnabledRoute[]> {
    const sql = 'SELECT * FROM past WHERE host = ? AND base_path = ? ORDER BY revision DESC';
    return this.#all(sql, host ?? '', basePath).map(toRoute);
  }

  async tokens(): Promise<TokenRecord[]> {
    return this.#all('SELECT * FROM token ORDER BY created_at, name').map(toToken);
  }

  async setting(name: string): Promise<unknown> {
    const [row] = this.#all('SELECT value FROM setting WHERE name = ?', name);
    return row && JSON.parse(String(row.value));
  }

  async commit(changes: readonly Change[]): Promise<void> {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        for (const change of changes) this.#apply(change);
        this.#database.exec('COMMIT');
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

  #apply(change: Change): void {
    if ('delete' in change) return this.#delete(change);
    switch (change.put) {
      case 'bundle': {
        const b = change.bundle;
        const values = [b.sha, b.kind, b.bytes, b.name, b.version, b.host, b.basePath];
        const sql = 'INSERT INTO bundle VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING';
        return this.#run(sql, ...values, b.uploadedAt);
      }
      case 'route': {
        const sql = 'DELETE FROM route WHERE host = ? AND base_path = ?';
        this.#run(sql, change.route.host ?? '', change.route.basePath);
        const insert = `INSERT INTO route (${routeColumns}) VALUES (${routeValues})`;
        return this.#run(insert, ...fromRoute(change.route));
      }
      case 'past': {
        const insert = `INSERT INTO past (${routeColumns}) VALUES (${routeValues})`;
        return this.#run(insert, ...fromRoute(change.route));
      }
      case 'token': {
        const { name, hash, createdAt } = change.token;
        return this.#run('INSERT INTO token VALUES (?, ?, ?)', name, hash, createdAt);
      }
      case 'setting':
        return this.#putSetting(change);
    }
  }

  #delete(change: Extract<Change, { delete: string }>): void {
    switch (change.delete) {
      case 'bundle':
        return this.#run('DELETE FROM bundle WHERE sha = ?', change.sha);
      case 'route': {
        const sql = 'DELETE FROM route WHERE host = ? AND base_path = ?';
        return this.#run(sql, change.host ?? '', change.basePath);
      }
      case 'past':
        return this.#run('DELETE FROM past WHERE revision = ?', change.revision);
      case 'token':
        return this.#run('DELETE FROM token WHERE name = ?', change.name);
    }
  }

  #putSetting(change: Extract<Change, { put: 'setting' }>): void {
    const { name, value } = change;
    if ('was' in change) {
      const [row] = this.#all('SELECT value FROM setting WHERE name = ?', name);
      const now = row && JSON.parse(String(row.value));
      if (!isDeepStrictEqual(now, change.was))
        throw new FuncatronError('route_conflict', `"${name}" was changed meanwhile; try again`);
    }
    const sql =
      'INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';
    this.#run(sql, name, JSON.stringify(value));
  }

  #all(sql: string, ...values: SQLInputValue[]): Row[] {
    try {
      return this.#prepare(sql).all(...values) as Row[];
    } catch (cause) {
      throw failed(this.#path, 'read', cause);
    }
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#prepare(sql).run(...values);
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#database.prepare(sql)));
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
