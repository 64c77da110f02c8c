/**
 * PostgreSQL, for several Trons. Connections come and go: a statement fails clearly when its own is
 * lost, and the next one makes another.
 */
import pg from 'pg';
import { FuncatronError } from '../errors.ts';
import { blot } from '../secret.ts';
import type { Database, Row, Statement, Steps, Value } from './database.ts';
import { migrations } from './migration.ts';

const connectTimeoutMs = 5_000;
/** Given by the client itself, so that a dead network is noticed. */
const queryTimeoutMs = 30_000;
const connectionsDefault = 10;
/** The server ends a transaction whose client it hears nothing of: others wait for its rows. */
const begin =
  'BEGIN; SET LOCAL lock_timeout = 10000; SET LOCAL statement_timeout = 25000; ' +
  'SET LOCAL idle_in_transaction_session_timeout = 10000';
/** Transactions that stood in each other's way, or waited in a circle, are tried again. */
const retriable = new Set(['40001', '40P01']);
const attemptsMax = 5;
/** Any number, the same in every Tron: who has the lock brings the tables up to date. */
const migrationLock = 4_650_117_621;

const int8 = 20;
const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary'): (text: string) => unknown {
    return oid === int8 ? Number : pg.types.getTypeParser(oid, format as 'text');
  },
};

export class PostgresDatabase implements Database {
  readonly clock = 'CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)';
  readonly #pool: pg.Pool;
  readonly #address: Address;

  private constructor(pool: pg.Pool, address: Address) {
    this.#pool = pool;
    this.#address = address;
  }

  /**
   * Connects, and makes the tables or brings them up to date, one process at a time. Rejects with
   * `option_invalid` for a URL it cannot read; `store_failed` when the server cannot be used or the
   * tables are of a later version.
   */
  static async open(url: string): Promise<PostgresDatabase> {
    const address = readAddress(url);
    const pool = new pg.Pool({
      connectionString: url,
      max: address.connections,
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: queryTimeoutMs,
      keepAlive: true,
      fallback_application_name: 'funcatron',
      types: types as pg.CustomTypesConfig,
    });
    // Whoever waits for a lost connection hears of it; without these the process would end.
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
    const database = new PostgresDatabase(pool, address);
    try {
      await migrate(pool, address);
      return database;
    } catch (thrown) {
      await pool.end();
      throw failed(address, 'opened', thrown);
    }
  }

  async read(...statement: Statement): Promise<Row[]> {
    try {
      return await run(this.#pool, statement);
    } catch (cause) {
      throw failed(this.#address, 'read', cause);
    }
  }

  async write(...statement: Statement): Promise<Row[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await run(this.#pool, statement);
      } catch (cause) {
        if (attempt === attemptsMax || !isRetriable(cause))
          throw failed(this.#address, 'written', cause);
      }
    }
  }

  async transaction<T>(steps: Steps<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await within(this.#pool, steps);
      } catch (cause) {
        if (attempt === attemptsMax || !isRetriable(cause))
          throw failed(this.#address, 'written', cause);
      }
    }
  }

  async close(): Promise<void> {
    if (!this.#pool.ended && !this.#pool.ending) await this.#pool.end();
  }
}

async function within<T>(pool: pg.Pool, steps: Steps<T>): Promise<T> {
  const client = await pool.connect();
  let broken = false;
  try {
    await client.query(begin);
    const running = steps();
    let step = running.next();
    while (!step.done) step = running.next(await run(client, step.value));
    await client.query('COMMIT');
    return step.value;
  } catch (thrown) {
    await client.query('ROLLBACK').catch(() => (broken = true));
    throw thrown;
  } finally {
    client.release(broken);
  }
}

async function run(on: pg.Pool | pg.PoolClient, [sql, ...values]: Statement): Promise<Row[]> {
  let count = 0;
  const text = sql.replaceAll('?', () => `$${++count}`);
  const { rows } = await on.query<Record<string, Value>>(text, values);
  return rows;
}

async function migrate(pool: pg.Pool, address: Address): Promise<void> {
  if ((await versionOf(pool, address)) === migrations.length) return;
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock]);
    // Another Tron may have migrated while this one waited for the lock.
    const now = await versionOf(client, address);
    if (now === 0) await client.query('CREATE TABLE funcatron_schema (version BIGINT NOT NULL)');
    for (const sql of migrations.slice(now)) await client.query(sql);
    if (now < migrations.length) {
      await client.query('DELETE FROM funcatron_schema');
      await client.query('INSERT INTO funcatron_schema VALUES ($1)', [migrations.length]);
    }
    await client.query('COMMIT');
  } finally {
    // Not to be used again if anything went wrong; what it began ends with it.
    client.release(true);
  }
}

/** How many migrations were made; 0 for a database that has nothing of ours. */
async function versionOf(on: pg.Pool | pg.PoolClient, address: Address): Promise<number> {
  // Not by to_regclass: it goes by what the connection knew before it waited for the lock.
  const look =
    "SELECT 1 FROM pg_class WHERE relname = 'funcatron_schema' AND pg_table_is_visible(oid)";
  if ((await on.query(look)).rows.length === 0) return 0;
  const version = Number((await on.query('SELECT version FROM funcatron_schema')).rows[0].version);
  if (version > migrations.length)
    throw new FuncatronError(
      'store_failed',
      `${address.shown} was written by a later version of funcatron; update, or choose another store`,
    );
  return version;
}

interface Address {
  /** Without the password, nor anything of the query. */
  shown: string;
  secrets: string[];
  connections: number;
}

function readAddress(url: string): Address {
  // What a URL error quotes has the password in it.
  if (!URL.canParse(url))
    throw new FuncatronError(
      'option_invalid',
      '--store is no URL: postgres://user:password@host:5432/database; ' +
        'write what is special in a password as %40 and the like',
    );
  const { protocol, username, password, host, pathname, searchParams } = new URL(url);
  const given = [password, searchParams.get('password') ?? ''];
  const plain = given.map((secret) => {
    try {
      return decodeURIComponent(secret);
    } catch {
      return secret;
    }
  });
  const connections = Number(searchParams.get('max') ?? connectionsDefault);
  if (!Number.isInteger(connections) || connections < 1)
    throw new FuncatronError(
      'option_invalid',
      '--store: max is a number of connections, 1 or more',
    );
  return {
    shown: `${protocol}//${username && `${username}@`}${host}${pathname}`,
    secrets: [...given, ...plain].filter((secret) => secret !== ''),
    connections,
  };
}

const diskFull = '53100';

const mends: Record<string, string> = {
  '28P01': '; check user and password in --store',
  '28000': '; check user and password in --store, and pg_hba.conf',
  '3D000': '; create it first: CREATE DATABASE',
  '42501': '; grant the user CREATE on its schema',
  '53300': '; raise max_connections of the server, or lower max in --store',
};

function failed({ shown, secrets }: Address, what: string, cause: unknown): FuncatronError {
  if (cause instanceof FuncatronError) return cause;
  const why = blot(describe(cause), secrets);
  const mend = mends[codeOf(cause)] ?? '';
  // A server that is away comes back, other than room on a disk: 503 says "try again".
  const status = codeOf(cause) === diskFull ? 507 : 503;
  const detail = `the store ${shown} could not be ${what}: ${why}${mend}`;
  return new FuncatronError('store_failed', detail, { status });
}

/** A name with several addresses fails once for each, with no message of its own. */
function describe(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '')
    return cause.errors.map(describe).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}

const codeOf = (cause: unknown): string => String((cause as { code?: unknown } | null)?.code ?? '');
const isRetriable = (cause: unknown): boolean => retriable.has(codeOf(cause));
