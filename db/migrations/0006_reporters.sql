-- Who reported which finding, and how it ended: the record of each reporter, and whom an answer is owed.
CREATE TABLE reported (
  finding_id TEXT NOT NULL,
  raw_sha256 TEXT NOT NULL,
  reporter TEXT NOT NULL,
  is_authenticated BIGINT NOT NULL,
  answer_to TEXT NOT NULL,
  message_id TEXT NOT NULL,
  report_id TEXT NOT NULL,
  address TEXT NOT NULL,
  received_at BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  PRIMARY KEY (finding_id, raw_sha256)
);
CREATE INDEX reported_by_reporter ON reported (reporter, is_authenticated);
