-- What changed, for live pages and webhooks (src/records/feed.hpp). Only the newest changes are kept.
CREATE TABLE feed (
  id       BIGINT PRIMARY KEY,
  at       BIGINT NOT NULL,
  topic    TEXT NOT NULL,
  kind     TEXT NOT NULL,
  subject  TEXT NOT NULL,
  version  BIGINT NOT NULL,
  customer TEXT NOT NULL,
  server   TEXT NOT NULL,
  state    TEXT NOT NULL
);
CREATE TABLE webhooks (
  id         TEXT PRIMARY KEY,
  user_id    TEXT NOT NULL,
  customer   TEXT NOT NULL,
  url        TEXT NOT NULL,
  secret_hex TEXT NOT NULL,
  topics     TEXT NOT NULL,
  is_enabled BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  failing_at BIGINT,
  seen       BIGINT NOT NULL
);
CREATE TABLE deliveries (
  id         TEXT PRIMARY KEY,
  webhook    TEXT NOT NULL,
  event      TEXT NOT NULL,
  body       TEXT NOT NULL,
  state      TEXT NOT NULL,
  attempts   BIGINT NOT NULL,
  status     BIGINT NOT NULL,
  at         BIGINT NOT NULL,
  next_at    BIGINT NOT NULL,
  note       TEXT NOT NULL
);
CREATE INDEX deliveries_due ON deliveries (state, next_at);
CREATE INDEX deliveries_of_webhook ON deliveries (webhook, at);
