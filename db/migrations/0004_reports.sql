-- Third parties' reports, one row a mail: what was understood, and what became of it. The raw mail is in the evidence store.
CREATE TABLE reports (
  id BIGINT PRIMARY KEY,
  raw_sha256 TEXT NOT NULL UNIQUE,
  received_at BIGINT NOT NULL,
  sender TEXT NOT NULL,
  authenticated TEXT NOT NULL,
  subject TEXT NOT NULL,
  format TEXT NOT NULL,
  definition TEXT NOT NULL,
  reporter TEXT NOT NULL,
  report_id TEXT NOT NULL,
  state TEXT NOT NULL,
  is_sealed BIGINT NOT NULL,
  findings BIGINT NOT NULL,
  not_ours BIGINT NOT NULL,
  dropped BIGINT NOT NULL,
  why TEXT NOT NULL
);
CREATE INDEX reports_by_state ON reports (state, id);
