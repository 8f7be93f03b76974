-- Several desks may share one store: who has claimed a job, and which processes are alive (src/records/store.hpp, Outbox::orphaned).
ALTER TABLE jobs ADD COLUMN claimed_by TEXT NOT NULL DEFAULT '';
CREATE TABLE processes (
  name    TEXT PRIMARY KEY,
  seen_at BIGINT NOT NULL
);

-- Which detector judges which servers (src/records/shards.hpp). The epoch counts the holders of a shard.
CREATE TABLE shards (
  id       BIGINT PRIMARY KEY,
  owner    TEXT NOT NULL,
  epoch    BIGINT NOT NULL,
  until_at BIGINT NOT NULL
);
CREATE TABLE detectors (
  name    TEXT PRIMARY KEY,
  seen_at BIGINT NOT NULL
);
