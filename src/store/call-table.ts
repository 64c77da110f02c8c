/**
 * Asynchronous calls in tables. Events come late, twice and in any order, to several Trons at once,
 * so what an event changes is decided inside the statement that writes it. A row knows how far its
 * call is, its `standing`; only an event that stands further changes what became of the call.
 */
import type {
  CallEvent,
  CallFilter,
  CallRecord,
  CallStatus,
  CallStore,
  CallSummary,
  Claim,
} from './call.ts';
import { placesFor } from './database.ts';
import type { Database, Row, Statement, Value } from './database.ts';
import { toCall, toCallSummary } from './row.ts';

/** Far above any number of tries. */
const end = 1e12;
const endings: Partial<Record<CallStatus, number>> = {
  cancelling: end,
  dead: end + 1,
  failed: end + 2,
  cancelled: end + 3,
  done: end + 4,
};

/** Known from the request: the first that tells is believed. */
const facts = ['queue', 'bundle', 'operation', 'method', 'path', 'callback'];
/** What became of it: of the event that stands furthest. */
const fates = [
  'status',
  'standing',
  'tries',
  'accepted_at',
  'updated_at',
  'error',
  'reply',
  'reply_body',
  'expires_at',
];
const columns = ['id', ...facts, ...fates];
const summaryColumns = columns.filter((name) => !name.startsWith('reply')).join(', ');

const begunAnew = 'excluded.accepted_at > call.accepted_at';
const stands = `(${begunAnew} OR excluded.accepted_at = call.accepted_at
  AND excluded.standing > call.standing)`;
const merge = [
  ...facts.map(
    (name) => `${name} = CASE WHEN ${begunAnew} THEN COALESCE(excluded.${name}, call.${name})
      ELSE COALESCE(call.${name}, excluded.${name}) END`,
  ),
  ...fates.map(
    (name) => `${name} = CASE WHEN ${stands} THEN excluded.${name} ELSE call.${name} END`,
  ),
].join(', ');

const rowsPerStatement = 100;
const expiredPerStatement = 500;

export class CallTable implements CallStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async apply(events: readonly CallEvent[]): Promise<void> {
    if (events.length === 0) return;
    const statements = wavesOf(events).flatMap(statementsOf);
    await this.#database.transaction(function* () {
      for (const statement of statements) yield statement;
    });
  }

  async get(id: string): Promise<CallRecord | undefined> {
    const sql = `SELECT * FROM call WHERE id = ? AND expires_at > ${this.#database.clock}`;
    const [row] = await this.#database.read(sql, id);
    return row && toCall(row);
  }

  async list({ status, queue, before, limit }: CallFilter): Promise<CallSummary[]> {
    const conditions = [`expires_at > ${this.#database.clock}`];
    const values: Value[] = [];
    const where = (condition: string, ...given: Value[]): void => {
      conditions.push(condition);
      values.push(...given);
    };
    if (status !== undefined) where('status = ?', status);
    if (queue !== undefined) where('queue = ?', queue);
    if (before) where('(accepted_at, id) < (?, ?)', before.acceptedAt, before.id);
    const sql = `
      SELECT ${summaryColumns} FROM call WHERE ${conditions.join(' AND ')}
      ORDER BY accepted_at DESC, id DESC LIMIT ?`;
    return (await this.#database.read(sql, ...values, limit)).map(toCallSummary);
  }

  async claim(key: string, fingerprint: string, id: string, expiresAt: number): Promise<Claim> {
    const { clock } = this.#database;
    const insert = `
      INSERT INTO claim (claim_key, fingerprint, call_id, expires_at) VALUES (?, ?, ?, ?)
      ON CONFLICT (claim_key) DO UPDATE SET fingerprint = excluded.fingerprint,
        call_id = excluded.call_id, expires_at = excluded.expires_at
      WHERE claim.expires_at <= ${clock} OR claim.call_id = excluded.call_id
      RETURNING claim_key`;
    const select = 'SELECT call_id, fingerprint FROM claim WHERE claim_key = ?';
    for (;;) {
      const mine = await this.#database.write(insert, key, fingerprint, id, expiresAt);
      if (mine.length > 0) return { id, fingerprint, isNew: true };
      const [row] = await this.#database.read(select, key);
      // It may have been forgotten in between: then it can be had.
      if (!row) continue;
      const claimed = { id: String(row.call_id), fingerprint: String(row.fingerprint) };
      return { ...claimed, isNew: claimed.id === id };
    }
  }

  async expire(now: number): Promise<number> {
    const calls = await expireRows(this.#database, 'call', 'id', now);
    return calls + (await expireRows(this.#database, 'claim', 'claim_key', now));
  }
}

/** In batches, so that nobody waits long for the rows, nor for this process. */
export async function expireRows(
  database: Database,
  table: string,
  key: string,
  now: number,
): Promise<number> {
  const sql = `
    DELETE FROM ${table} WHERE expires_at <= ? AND ${key} IN
      (SELECT ${key} FROM ${table} WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)
    RETURNING ${key}`;
  for (let count = 0; ;) {
    const gone: Row[] = await database.write(sql, now, now, expiredPerStatement);
    count += gone.length;
    if (gone.length < expiredPerStatement) return count;
    await new Promise(setImmediate);
  }
}

/** One statement writes a row once only: second events of a call make a second wave. */
function wavesOf(events: readonly CallEvent[]): CallEvent[][] {
  const waves: CallEvent[][] = [];
  const seen = new Map<string, number>();
  for (const event of events) {
    const wave = seen.get(event.id) ?? 0;
    seen.set(event.id, wave + 1);
    (waves[wave] ??= []).push(event);
  }
  return waves;
}

function statementsOf(wave: CallEvent[]): Statement[] {
  // In one order everywhere: two Trons that write the same calls must not wait for each other.
  const sorted = wave.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const statements: Statement[] = [];
  for (let at = 0; at < sorted.length; at += rowsPerStatement) {
    const rows = sorted.slice(at, at + rowsPerStatement);
    const sql = `
      INSERT INTO call (${columns.join(', ')}) VALUES ${placesFor(rows.length, columns.length)}
      ON CONFLICT (id) DO UPDATE SET ${merge}`;
    statements.push([sql, ...rows.flatMap(valuesOf)]);
  }
  return statements;
}

/** In the order of `columns`. */
function valuesOf(event: CallEvent): Value[] {
  const { queue, bundle, operation, method, path, callback } = event;
  const { error, reply, tries = 0 } = event;
  const { status = 0, headers = {}, truncated = false } = reply ?? {};
  return [
    event.id,
    ...[queue, bundle, operation, method, path, callback].map((fact) => fact ?? null),
    event.status,
    standingOf(event.status, tries),
    tries,
    event.acceptedAt,
    event.at,
    error ? JSON.stringify(error) : null,
    reply ? JSON.stringify({ status, headers, truncated }) : null,
    reply ? reply.body : null,
    event.expiresAt,
  ];
}

/** The second try runs after the first one failed, and the like. */
function standingOf(status: CallStatus, tries: number): number {
  return endings[status] ?? 2 * tries + (status === 'running' ? 1 : 0);
}
