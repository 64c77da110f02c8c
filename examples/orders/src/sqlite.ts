import { DatabaseSync } from 'node:sqlite';

const schema = `
  CREATE TABLE IF NOT EXISTS stock (sku TEXT PRIMARY KEY, pieces INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, customer TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS line (
    order_id INTEGER NOT NULL REFERENCES orders, sku TEXT NOT NULL, quantity INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS audit (at TEXT NOT NULL, request_id TEXT NOT NULL, what TEXT NOT NULL);
  INSERT OR IGNORE INTO stock VALUES ('tea', 50), ('cup', 10), ('pot', 3);
`;

/**
 * A transactional service. `ctx.services.<name>` begins a transaction when a call first asks for
 * it; Funcatron commits when the Func has returned, and rolls back when it threw.
 */
export const sqlite = {
  /** Once in a worker; `name` is the key in the props. */
  open(name: string, props: { file?: string }): DatabaseSync {
    if (!props.file) throw new Error(`props.${name}.file is missing: name a database file`);
    const db = new DatabaseSync(props.file, { timeout: 5_000 });
    db.exec(`PRAGMA journal_mode = WAL; ${schema}`);
    return db;
  },
  begin(db: DatabaseSync): DatabaseSync {
    db.exec('BEGIN IMMEDIATE');
    return db;
  },
  commit(db: DatabaseSync): void {
    db.exec('COMMIT');
  },
  rollback(db: DatabaseSync): void {
    db.exec('ROLLBACK');
  },
  close(db: DatabaseSync): void {
    db.close();
  },
};
