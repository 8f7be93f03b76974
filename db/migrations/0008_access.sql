-- Who may use the pages and the API, and what they did there (src/records/access.hpp).
CREATE TABLE users (
  id             TEXT PRIMARY KEY,
  login          TEXT NOT NULL UNIQUE,
  name           TEXT NOT NULL,
  role           TEXT NOT NULL,
  customer       TEXT NOT NULL,
  language       TEXT NOT NULL,
  password_hash  TEXT NOT NULL,
  totp_secret    TEXT NOT NULL,
  totp_pending   TEXT NOT NULL,
  totp_last_step BIGINT NOT NULL,
  is_closed      BIGINT NOT NULL,
  must_change    BIGINT NOT NULL,
  version        BIGINT NOT NULL,
  created_at     BIGINT NOT NULL,
  last_login_at  BIGINT
);
CREATE TABLE sessions (
  id         TEXT PRIMARY KEY,
  key_sha256 TEXT NOT NULL UNIQUE,
  user_id    TEXT NOT NULL REFERENCES users (id),
  csrf       TEXT NOT NULL,
  address    TEXT NOT NULL,
  agent      TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  seen_at    BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE TABLE api_tokens (
  id         TEXT PRIMARY KEY,
  prefix     TEXT NOT NULL,
  key_sha256 TEXT NOT NULL UNIQUE,
  user_id    TEXT NOT NULL REFERENCES users (id),
  name       TEXT NOT NULL,
  scopes     TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at    BIGINT
);
CREATE INDEX api_tokens_of_user ON api_tokens (user_id);
CREATE TABLE kept_answers (
  user_id        TEXT NOT NULL,
  request_key    TEXT NOT NULL,
  request_sha256 TEXT NOT NULL,
  status         BIGINT NOT NULL,
  content_type   TEXT NOT NULL,
  headers        TEXT NOT NULL,
  body           TEXT NOT NULL,
  at             BIGINT NOT NULL,
  PRIMARY KEY (user_id, request_key)
);
CREATE TABLE acts (
  id      BIGINT PRIMARY KEY,
  at      BIGINT NOT NULL,
  who     TEXT NOT NULL,
  what    TEXT NOT NULL,
  subject TEXT NOT NULL,
  text    TEXT NOT NULL,
  status  BIGINT NOT NULL
);
CREATE INDEX acts_of_person ON acts (who, id);
CREATE TABLE saved_views (
  id        TEXT PRIMARY KEY,
  user_id   TEXT NOT NULL,
  name      TEXT NOT NULL,
  query     TEXT NOT NULL,
  is_shared BIGINT NOT NULL
);
