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
  `
  CREATE TABLE lease (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    ends_at BIGINT NOT NULL
  );
  -- One row a call. What nobody told of yet is null.
  CREATE TABLE call (
    id TEXT PRIMARY KEY,
    queue TEXT,
    bundle TEXT,
    operation TEXT,
    method TEXT,
    path TEXT,
    callback TEXT,
    status TEXT NOT NULL,
    standing BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    accepted_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    error TEXT,
    reply TEXT,
    reply_body BYTEA
  );
  CREATE INDEX call_newest ON call (accepted_at, id);
  CREATE INDEX call_status ON call (status, accepted_at, id);
  CREATE INDEX call_queue ON call (queue, accepted_at, id);
  CREATE INDEX call_expiry ON call (expires_at);
  CREATE TABLE claim (
    claim_key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    call_id TEXT NOT NULL,
    expires_at BIGINT NOT NULL
  );
  CREATE INDEX claim_expiry ON claim (expires_at);
  CREATE TABLE letter (
    id TEXT PRIMARY KEY,
    queue TEXT NOT NULL,
    died_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    error TEXT NOT NULL,
    head TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    body BYTEA NOT NULL
  );
  CREATE INDEX letter_newest ON letter (died_at, id);
  CREATE INDEX letter_expiry ON letter (expires_at);
  `,
  `
  ALTER TABLE route ADD COLUMN triggers TEXT;
  ALTER TABLE past ADD COLUMN triggers TEXT;
  `,
  `
  ALTER TABLE bundle ADD COLUMN source_sha TEXT;
  `,
  `
  ALTER TABLE route ADD COLUMN replicas BIGINT;
  ALTER TABLE route ADD COLUMN enabled_in BIGINT;
  ALTER TABLE route ADD COLUMN asked BIGINT;
  ALTER TABLE past ADD COLUMN replicas BIGINT;
  ALTER TABLE past ADD COLUMN enabled_in BIGINT;
  ALTER TABLE past ADD COLUMN asked BIGINT;
  -- What one frontend has counted of one function since it started; empty: frontends that are gone.
  CREATE TABLE tally (
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (name, source)
  );
  CREATE INDEX tally_source ON tally (source, updated_at);
  `,
];
