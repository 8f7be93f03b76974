-- The desk's people: contacts and what is known of them, resellers, declared roles, tickets, the acceptable use policy, calls to people.

ALTER TABLE customers ADD COLUMN account TEXT;
ALTER TABLE customers ADD COLUMN phone TEXT;
ALTER TABLE customers ADD COLUMN reseller TEXT;
ALTER TABLE customers ADD COLUMN notify_with_reseller BIGINT;
CREATE TABLE declared_roles (
  server     TEXT NOT NULL,
  position   BIGINT NOT NULL,
  role       TEXT NOT NULL,
  reason     TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (server, position)
);

-- What is known of a mail address, whoever it belongs to: it outlives inventories.
CREATE TABLE contact_records (
  address       TEXT PRIMARY KEY,
  verified_at   BIGINT,
  verified_how  TEXT NOT NULL,
  delivered_at  BIGINT,
  failed_at     BIGINT,
  failure       TEXT NOT NULL,
  mail_hosts    TEXT NOT NULL,
  mail_hosts_at BIGINT
);

-- For the circuit breaker.
CREATE INDEX events_by_kind_and_time ON events (kind, recorded_at);

-- Tickets: one row each as far as lists need it; the events are the truth.
CREATE TABLE tickets (
  id         BIGINT PRIMARY KEY,
  customer   TEXT NOT NULL,
  server     TEXT NOT NULL,
  kind       TEXT NOT NULL,
  subject    TEXT NOT NULL,
  state      TEXT NOT NULL,
  last_seq   BIGINT NOT NULL,
  opened_at  BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE INDEX tickets_by_change ON tickets (changed_at);
CREATE INDEX tickets_of_customer ON tickets (customer);
CREATE TABLE ticket_events (
  ticket  BIGINT NOT NULL REFERENCES tickets (id),
  seq     BIGINT NOT NULL,
  at      BIGINT NOT NULL,
  payload TEXT NOT NULL,
  PRIMARY KEY (ticket, seq)
);
INSERT INTO counters (name, value) VALUES ('ticket', 0);

-- The acceptable use policy: versions are never changed, only followed.
CREATE TABLE aup_versions (
  version      BIGINT PRIMARY KEY,
  published_at BIGINT NOT NULL,
  markdown     TEXT NOT NULL
);
CREATE TABLE aup_acceptances (
  customer TEXT NOT NULL,
  version  BIGINT NOT NULL REFERENCES aup_versions (version),
  at       BIGINT NOT NULL,
  who      TEXT NOT NULL,
  PRIMARY KEY (customer, version)
);

-- Calls to people, along the on-call list. step: whom of the list it has reached, from 0.
CREATE TABLE calls (
  call_key    TEXT PRIMARY KEY,
  case_id     BIGINT NOT NULL,
  what        TEXT NOT NULL,
  called_at   BIGINT NOT NULL,
  step        BIGINT NOT NULL,
  step_at     BIGINT NOT NULL,
  taken_by    TEXT,
  taken_at    BIGINT
);
CREATE INDEX calls_open ON calls (taken_by, step_at);
