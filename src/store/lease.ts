/** Who of several processes does something, for a time that ends by itself. */
import type { Database } from './database.ts';

export interface Leases {
  /**
   * Takes a lease, or renews it, for `ttlMs` from now by the database's clock. False while another
   * owner has it. Whoever must not be two at once stops well before the time is over.
   */
  take(name: string, owner: string, ttlMs: number): Promise<boolean>;
  /** Nothing happens when it is another's by now. */
  release(name: string, owner: string): Promise<void>;
  /** Who has it, until when in milliseconds since 1970 by the database's clock. */
  holder(name: string): Promise<{ owner: string; until: number } | undefined>;
}

export class LeaseTable implements Leases {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async take(name: string, owner: string, ttlMs: number): Promise<boolean> {
    const { clock } = this.#database;
    const sql = `
      INSERT INTO lease (name, owner, ends_at) VALUES (?, ?, ${clock} + ?)
      ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, ends_at = excluded.ends_at
      WHERE lease.owner = excluded.owner OR lease.ends_at <= ${clock}
      RETURNING owner`;
    return (await this.#database.write(sql, name, owner, Math.ceil(ttlMs))).length > 0;
  }

  async release(name: string, owner: string): Promise<void> {
    await this.#database.write('DELETE FROM lease WHERE name = ? AND owner = ?', name, owner);
  }

  async holder(name: string): Promise<{ owner: string; until: number } | undefined> {
    const sql = `SELECT owner, ends_at FROM lease WHERE name = ? AND ends_at > ${this.#database.clock}`;
    const [row] = await this.#database.read(sql, name);
    return row && { owner: String(row.owner), until: Number(row.ends_at) };
  }
}
