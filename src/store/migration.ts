/** The tables, as SQL that SQLite and PostgreSQL both take; each change is one more entry. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE bundle (
    sha TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    host TEXT,
    base_path TEXT NOT NULL,
    uploaded_at BIGINT NOT NULL
  );
  -- The host of a route for any host is the empty string, for the key's sake.
  CREATE TABLE route (
    host TEXT NOT NULL,
    base_path TEXT NOT NULL,
    queue TEXT NOT NULL,
    name TEXT NOT NULL,
    sha TEXT NOT NULL REFERENCES bundle (sha),
    revision BIGINT NOT NULL,
    props TEXT NOT NULL,
    overlay TEXT,
    enabled_at BIGINT NOT NULL,
    PRIMARY KEY (host, base_path)
  );
  CREATE TABLE past (
    revision BIGINT PRIMARY KEY,
    host TEXT NOT NULL,
    base_path TEXT NOT NULL,
    queue TEXT NOT NULL,
    name TEXT NOT NULL,
    sha TEXT NOT NULL REFERENCES bundle (sha) ON DELETE CASCADE,
    props TEXT NOT NULL,
    overlay TEXT,
    enabled_at BIGINT NOT NULL
  );
  CREATE INDEX past_place ON past (host, base_path, revision);
  CREATE TABLE token (
    name TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
  );
  CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  );
  `,
];
