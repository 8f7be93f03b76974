-- Windows that came near a detection threshold, or passed it: what `pinfold policy simulate` judges again under other thresholds.
-- One a server, threshold and minute: the highest value. Kept for thirty days.
CREATE TABLE near_misses (
  server TEXT NOT NULL,
  measure TEXT NOT NULL,
  minute BIGINT NOT NULL,
  value BIGINT NOT NULL,
  threshold BIGINT NOT NULL,
  passed BIGINT NOT NULL,
  one_in BIGINT NOT NULL,
  PRIMARY KEY (server, measure, minute)
);
CREATE INDEX near_misses_by_minute ON near_misses (minute);
