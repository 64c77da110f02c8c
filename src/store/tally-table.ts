/** Tallies in a table: a row for each frontend and function. */
import { placesFor } from './database.ts';
import type { Database, Row, Statement } from './database.ts';
import { addTallies } from './tally.ts';
import type { Tallies, Tally } from './tally.ts';

const rowsPerStatement = 100;
/** Rows folded in one transaction. */
const foldedMax = 1_000;
/** The source of what frontends counted that are gone. */
const past = '';

export class TallyTable implements Tallies {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async put(source: string, tallies: ReadonlyMap<string, Tally>, at: number): Promise<void> {
    const statements = putting(source, tallies, at);
    if (statements.length === 0) return;
    await this.#database.transaction(function* () {
      for (const statement of statements) yield statement;
    });
  }

  async of(name: string): Promise<Tally | undefined> {
    const rows = await this.#database.read('SELECT name, data FROM tally WHERE name = ?', name);
    return sum(rows).get(name);
  }

  async all(): Promise<Map<string, Tally>> {
    return sum(await this.#database.read('SELECT name, data FROM tally'));
  }

  async fold(before: number, living: readonly string[], forgetBefore: number): Promise<void> {
    await this.#database.transaction(function* () {
      const rows = yield [
        `SELECT source, name, data, updated_at FROM tally WHERE source <> ? AND updated_at < ?
         LIMIT ${foldedMax}`,
        past,
        before,
      ];
      const gone = rows.filter(({ source }) => !living.includes(String(source)));
      const latest = Math.max(0, ...gone.map((row) => Number(row.updated_at)));
      for (const row of gone) {
        const { source, name } = row as { source: string; name: string };
        const kept = yield [
          'SELECT name, data FROM tally WHERE name = ? AND source = ?',
          name,
          past,
        ];
        const both = sum([...kept, row]);
        yield* putting(past, both, latest);
        yield ['DELETE FROM tally WHERE name = ? AND source = ?', name, source];
      }
      yield ['DELETE FROM tally WHERE source = ? AND updated_at < ?', past, forgetBefore];
    });
  }
}

function putting(source: string, tallies: ReadonlyMap<string, Tally>, at: number): Statement[] {
  const all = [...tallies];
  const statements: Statement[] = [];
  for (let from = 0; from < all.length; from += rowsPerStatement) {
    const some = all.slice(from, from + rowsPerStatement);
    const values = some.flatMap(([name, tally]) => [source, name, at, JSON.stringify(tally)]);
    const sql = `INSERT INTO tally (source, name, updated_at, data)
      VALUES ${placesFor(some.length, 4)}
      ON CONFLICT (name, source) DO UPDATE
      SET data = excluded.data, updated_at = excluded.updated_at`;
    statements.push([sql, ...values]);
  }
  return statements;
}

function sum(rows: readonly Row[]): Map<string, Tally> {
  const all = new Map<string, Tally>();
  for (const { name, data } of rows) {
    const key = String(name);
    all.set(key, addTallies(all.get(key), JSON.parse(String(data)) as Tally));
  }
  return all;
}
