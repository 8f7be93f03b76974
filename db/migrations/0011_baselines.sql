-- What was learned to be usual, of each server and of each service level (src/records/baselines.hpp), so that a restart forgets nothing.
CREATE TABLE baselines (
  kind    TEXT NOT NULL,
  subject TEXT NOT NULL,
  learned TEXT NOT NULL,
  kept_at BIGINT NOT NULL,
  PRIMARY KEY (kind, subject)
);
CREATE INDEX baselines_by_age ON baselines (kept_at);
