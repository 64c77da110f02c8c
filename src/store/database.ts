/**
 * What an adapter is: something that runs SQL. Everything that is kept is written once above it, in
 * the SQL that SQLite and PostgreSQL both take.
 */

export type Value = string | number | null | Uint8Array;
export type Row = Record<string, Value>;
/** SQL with a `?` for each value. */
export type Statement = readonly [sql: string, ...values: Value[]];

/**
 * The steps of a transaction: it yields statements and is given their rows. So SQLite runs them in
 * one go with nobody in between. It may be run again from its beginning, and must not keep anything.
 */
export type Steps<T> = () => Generator<Statement, T, Row[]>;

export interface Database {
  /** SQL for the milliseconds since 1970, by the one clock that all processes share. */
  readonly clock: string;
  /** Reads, or rejects with `store_failed`. Numbers come as numbers. */
  read(sql: string, ...values: Value[]): Promise<Row[]>;
  /** One statement by itself; durable when it resolves. */
  write(sql: string, ...values: Value[]): Promise<Row[]>;
  /**
   * Makes all of it or nothing, and resolves when it is durable. What the steps throw comes out as
   * it is; a fault of the database as `store_failed`.
   */
  transaction<T>(steps: Steps<T>): Promise<T>;
  close(): Promise<void>;
}

/** `(?, ?, ?)` as often as there are rows. */
export function placesFor(rows: number, columns: number): string {
  const one = `(${Array.from({ length: columns }, () => '?').join(', ')})`;
  return Array.from({ length: rows }, () => one).join(', ');
}
