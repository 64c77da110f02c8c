import type { DatabaseSync } from 'node:sqlite';

/** What the code here uses of its context. */
export interface Context<Path = unknown, Query = unknown> {
  requestId: string;
  method: string;
  path: string;
  params: { path: Path; query: Query };
  services: { db: DatabaseSync };
  log: { info(text: string, fields?: object): void };
}
