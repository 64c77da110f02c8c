/** What a Tron must not forget, in tables. */
import { isDeepStrictEqual } from 'node:util';
import { FuncatronError } from '../errors.ts';
import type { Database, Row, Statement } from './database.ts';
import { fromRoute, routeColumns, toBundle, toRoute, toToken } from './row.ts';
import type { BundleRecord, Change, EnabledRoute, Store, TokenRecord } from './store.ts';

type Step = Generator<Statement, void, Row[]>;

const routeValues = routeColumns.replaceAll(/\w+/g, '?');
const routeUpdate = routeColumns
  .split(', ')
  .map((column) => `${column} = excluded.${column}`)
  .join(', ');

export class StateTables implements Store {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async bundles(): Promise<BundleRecord[]> {
    const rows = await this.#database.read('SELECT * FROM bundle ORDER BY uploaded_at, sha');
    return rows.map(toBundle);
  }

  async routes(): Promise<EnabledRoute[]> {
    return (await this.#database.read('SELECT * FROM route ORDER BY revision')).map(toRoute);
  }

  async past(host: string | null, basePath: string): Promise<EnabledRoute[]> {
    const sql = 'SELECT * FROM past WHERE host = ? AND base_path = ? ORDER BY revision DESC';
    return (await this.#database.read(sql, host ?? '', basePath)).map(toRoute);
  }

  async tokens(): Promise<TokenRecord[]> {
    const rows = await this.#database.read('SELECT * FROM token ORDER BY created_at, name');
    return rows.map(toToken);
  }

  async setting(name: string): Promise<unknown> {
    const [row] = await this.#database.read('SELECT value FROM setting WHERE name = ?', name);
    return row && JSON.parse(String(row.value));
  }

  commit(changes: readonly Change[]): Promise<void> {
    return this.#database.transaction(function* () {
      for (const change of changes) yield* 'delete' in change ? remove(change) : put(change);
    });
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

function* put(change: Extract<Change, { put: string }>): Step {
  switch (change.put) {
    case 'bundle': {
      const { sha, kind, bytes, name, version, host, basePath, uploadedAt } = change.bundle;
      const { sourceSha = null } = change.bundle;
      const sql = `
        INSERT INTO bundle (sha, kind, bytes, name, version, host, base_path, uploaded_at, source_sha)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
      yield [sql, sha, kind, bytes, name, version, host, basePath, uploadedAt, sourceSha];
      return;
    }
    case 'route': {
      const insert = `
        INSERT INTO route (${routeColumns}) VALUES (${routeValues})
        ON CONFLICT (host, base_path) DO UPDATE SET ${routeUpdate}`;
      yield [insert, ...fromRoute(change.route)];
      return;
    }
    case 'past':
      yield [
        `INSERT INTO past (${routeColumns}) VALUES (${routeValues})`,
        ...fromRoute(change.route),
      ];
      return;
    case 'token': {
      const { name, hash, createdAt } = change.token;
      yield ['INSERT INTO token (name, hash, created_at) VALUES (?, ?, ?)', name, hash, createdAt];
      return;
    }
    case 'setting':
      yield* putSetting(change);
  }
}

function* remove(change: Extract<Change, { delete: string }>): Step {
  switch (change.delete) {
    case 'bundle':
      yield ['DELETE FROM bundle WHERE sha = ?', change.sha];
      return;
    case 'route': {
      const sql = 'DELETE FROM route WHERE host = ? AND base_path = ?';
      yield [sql, change.host ?? '', change.basePath];
      return;
    }
    case 'past':
      yield ['DELETE FROM past WHERE revision = ?', change.revision];
      return;
    case 'token':
      yield ['DELETE FROM token WHERE name = ?', change.name];
  }
}

function* putSetting(change: Extract<Change, { put: 'setting' }>): Step {
  const { name } = change;
  const value = JSON.stringify(change.value);
  const upsert = 'ON CONFLICT (name) DO UPDATE SET value = excluded.value';
  if (!('was' in change)) {
    yield [`INSERT INTO setting (name, value) VALUES (?, ?) ${upsert}`, name, value];
    return;
  }
  const [row] = yield ['SELECT value FROM setting WHERE name = ?', name];
  const now = row && JSON.parse(String(row.value));
  // The write itself looks once more: another process may have been faster since the read.
  const write: Statement = row
    ? [
        'UPDATE setting SET value = ? WHERE name = ? AND value = ? RETURNING name',
        value,
        name,
        row.value!,
      ]
    : [
        'INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING name',
        name,
        value,
      ];
  if (!isDeepStrictEqual(now, change.was) || (yield write).length === 0)
    throw new FuncatronError('route_conflict', `"${name}" was changed meanwhile; try again`);
}
