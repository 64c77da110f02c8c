/** Dead letters in a table. */
import { FuncatronError } from '../errors.ts';
import type { CallHead } from '../message.ts';
import { expireRows } from './call-table.ts';
import type { Database, Value } from './database.ts';
import type { DeadLetter, DeadLetters, LetterFilter, LetterSummary } from './letter.ts';
import { toLetter, toLetterSummary } from './row.ts';

export class LetterTable implements DeadLetters {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async put(letter: DeadLetter): Promise<void> {
    const { id, queue, diedAt, expiresAt, error, head, body } = letter;
    // One that comes again must not undo what somebody replaced in it since.
    const sql = `
      INSERT INTO letter (id, queue, died_at, expires_at, error, head, bytes, body)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET queue = excluded.queue, died_at = excluded.died_at,
        expires_at = excluded.expires_at, error = excluded.error, head = excluded.head,
        bytes = excluded.bytes, body = excluded.body
      WHERE excluded.died_at > letter.died_at`;
    const texts = [JSON.stringify(error), JSON.stringify(head)];
    await this.#database.write(sql, id, queue, diedAt, expiresAt, ...texts, body.length, body);
  }

  async list({ queue, before, limit }: LetterFilter): Promise<LetterSummary[]> {
    const conditions = [`expires_at > ${this.#database.clock}`];
    const values: Value[] = [];
    if (queue !== undefined) {
      conditions.push('queue = ?');
      values.push(queue);
    }
    if (before) {
      conditions.push('(died_at, id) < (?, ?)');
      values.push(before.diedAt, before.id);
    }
    const sql = `
      SELECT id, queue, died_at, expires_at, error, head, bytes FROM letter
      WHERE ${conditions.join(' AND ')} ORDER BY died_at DESC, id DESC LIMIT ?`;
    return (await this.#database.read(sql, ...values, limit)).map(toLetterSummary);
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    const sql = `SELECT * FROM letter WHERE id = ? AND expires_at > ${this.#database.clock}`;
    const [row] = await this.#database.read(sql, id);
    return row && toLetter(row);
  }

  async replace(id: string, call: { head: CallHead; body: Uint8Array }): Promise<void> {
    const sql = 'UPDATE letter SET head = ?, bytes = ?, body = ? WHERE id = ? RETURNING id';
    const values = [JSON.stringify(call.head), call.body.length, call.body, id];
    if ((await this.#database.write(sql, ...values)).length > 0) return;
    throw new FuncatronError('dead_letter_unknown', `there is no dead letter ${id}`);
  }

  async remove(id: string, diedAt?: number): Promise<boolean> {
    const [which, values] = diedAt === undefined ? ['', []] : [' AND died_at = ?', [diedAt]];
    const sql = `DELETE FROM letter WHERE id = ?${which} RETURNING id`;
    return (await this.#database.write(sql, id, ...values)).length > 0;
  }

  async size(): Promise<{ letters: number; bytes: number }> {
    const sql = `
      SELECT COUNT(*) AS letters, CAST(COALESCE(SUM(bytes), 0) AS BIGINT) AS bytes FROM letter`;
    const [row] = await this.#database.read(sql);
    return { letters: Number(row!.letters), bytes: Number(row!.bytes) };
  }

  expire(now: number): Promise<number> {
    return expireRows(this.#database, 'letter', 'id', now);
  }
}
