-- What Pinfold keeps, first edition. Plain SQL that SQLite and PostgreSQL both read. Rules for this folder: db/migrations/README.md.
-- Times are microseconds since 1970-01-01 UTC; hashes, salts and commitments are lower-case hex; yes/no is 1/0.

-- Numbers that only grow: the last case number, the version of the inventory.
CREATE TABLE counters (
  name  TEXT PRIMARY KEY,
  value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('case', 0);
INSERT INTO counters (name, value) VALUES ('inventory', 0);

-- One row a case: the fold of its events as far as lists and timers need it. The events are the truth, this row can be derived again.
CREATE TABLE cases (
  id         BIGINT PRIMARY KEY,
  server     TEXT NOT NULL,
  customer   TEXT NOT NULL,
  family     TEXT NOT NULL,
  state      TEXT NOT NULL,
  is_final   BIGINT NOT NULL,
  last_seq   BIGINT NOT NULL,
  opened_at  BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  due_at     BIGINT
);
CREATE UNIQUE INDEX one_open_case ON cases (server, customer, family) WHERE is_final = 0;
CREATE INDEX cases_of_tenant ON cases (server, customer, family);
CREATE INDEX cases_by_change ON cases (changed_at);
CREATE INDEX cases_due ON cases (due_at);

-- The events of all cases, one chain over all of them in the order in which they were appended (position: from 1, without gaps).
--   commitment = SHA-256(salt, payload)
--   hash       = SHA-256(hash of the position before, case_id, seq, recorded_at, kind, commitment)
-- Erasing by law sets salt and payload to NULL; the chain still verifies.
CREATE TABLE events (
  position    BIGINT PRIMARY KEY,
  case_id     BIGINT NOT NULL REFERENCES cases (id),
  seq         BIGINT NOT NULL,
  recorded_at BIGINT NOT NULL,
  kind        TEXT NOT NULL,
  commitment  TEXT NOT NULL,
  hash        TEXT NOT NULL,
  salt        TEXT,
  payload     TEXT,
  UNIQUE (case_id, seq)
);

-- Where the chain ends, so that cutting off its tail is found. One row.
CREATE TABLE chain_head (
  id       BIGINT PRIMARY KEY CHECK (id = 1),
  position BIGINT NOT NULL,
  hash     TEXT NOT NULL
);
INSERT INTO chain_head (id, position, hash) VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- Effects waiting to be carried out. Rows stay for ever: the key is what makes an effect happen at most once.
CREATE TABLE jobs (
  job_key    TEXT PRIMARY KEY,
  case_id    BIGINT NOT NULL,
  kind       TEXT NOT NULL,
  payload    TEXT NOT NULL,
  state      TEXT NOT NULL,
  attempts   BIGINT NOT NULL,
  not_before BIGINT NOT NULL,
  claimed_at BIGINT,
  note       TEXT NOT NULL
);
CREATE INDEX jobs_waiting ON jobs (kind, state, not_before);
CREATE INDEX jobs_of_case ON jobs (case_id);

-- Data acknowledged to the outside and not yet worked on. Rows stay for ever: the key is what makes a repetition harmless.
CREATE TABLE inbox (
  id          BIGINT PRIMARY KEY,
  kind        TEXT NOT NULL,
  dedup_key   TEXT NOT NULL,
  payload     TEXT NOT NULL,
  received_at BIGINT NOT NULL,
  is_done     BIGINT NOT NULL,
  note        TEXT NOT NULL,
  UNIQUE (kind, dedup_key)
);
CREATE INDEX inbox_pending ON inbox (kind, is_done, id);

-- The write-ahead journal of port actions.
CREATE TABLE port_journal (
  id          TEXT PRIMARY KEY,
  position    BIGINT NOT NULL UNIQUE,
  case_id     BIGINT NOT NULL,
  action      BIGINT NOT NULL,
  server      TEXT NOT NULL,
  switch      TEXT NOT NULL,
  port        TEXT NOT NULL,
  wish        TEXT NOT NULL,
  state       TEXT NOT NULL,
  -- 1 as soon as the row was ever more than an intention: from then on the switch may have been written to.
  maybe_sent  BIGINT NOT NULL,
  before_json TEXT NOT NULL,
  note        TEXT NOT NULL,
  intended_at BIGINT NOT NULL,
  changed_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX one_open_row_a_port ON port_journal (switch, port) WHERE state IN ('intent', 'sent', 'unknown');
CREATE INDEX port_journal_by_time ON port_journal (intended_at);

-- The inventory as it stands, and who held which server in the past.
CREATE TABLE customers (
  id       TEXT PRIMARY KEY,
  position BIGINT NOT NULL,
  name     TEXT NOT NULL
);
CREATE TABLE contacts (
  customer TEXT NOT NULL REFERENCES customers (id),
  position BIGINT NOT NULL,
  address  TEXT NOT NULL,
  language TEXT NOT NULL,
  PRIMARY KEY (customer, position)
);
CREATE TABLE servers (
  id           TEXT PRIMARY KEY,
  position     BIGINT NOT NULL,
  customer     TEXT NOT NULL REFERENCES customers (id),
  level        BIGINT NOT NULL,
  mac          TEXT,
  switch       TEXT,
  port         TEXT,
  alias        TEXT,
  is_protected BIGINT NOT NULL
);
CREATE TABLE addresses (
  prefix   TEXT PRIMARY KEY,
  server   TEXT NOT NULL REFERENCES servers (id),
  position BIGINT NOT NULL
);
CREATE TABLE tenancies (
  server   TEXT NOT NULL,
  position BIGINT NOT NULL,
  customer TEXT NOT NULL,
  since_at BIGINT NOT NULL,
  until_at BIGINT,
  PRIMARY KEY (server, position)
);

-- Host agents. A token is kept as its SHA-256 only; spent_by is the agent that used it.
CREATE TABLE agent_tokens (
  token_sha256 TEXT PRIMARY KEY,
  server       TEXT NOT NULL,
  expires_at   BIGINT NOT NULL,
  spent_by     TEXT
);
CREATE TABLE agents (
  id          TEXT PRIMARY KEY,
  server      TEXT NOT NULL,
  enrolled_at BIGINT NOT NULL,
  seen_at     BIGINT,
  is_revoked  BIGINT NOT NULL,
  tier        TEXT NOT NULL
);

CREATE TABLE settings (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
);
