-- The traffic history, a file of its own beside the database. Rules: db/migrations/README.md. How it is used: src/store/history_file.hpp.
-- Hours and minutes are numbers since 1970-01-01 UTC; source 0 = flows, 1 = interface counters; data is packed (src/store/history_codec.hpp).

-- A server's number is for ever; 1024 servers in a row are a part, the unit of packing.
CREATE TABLE servers (
  number BIGINT PRIMARY KEY,
  id     TEXT NOT NULL UNIQUE
);

-- What was appended and is not packed yet: additions to minutes of one hour, for the servers of one part.
CREATE TABLE journal (
  id   INTEGER PRIMARY KEY,
  part BIGINT NOT NULL,
  hour BIGINT NOT NULL,
  data BLOB NOT NULL
);
CREATE INDEX journal_by_part ON journal (part, hour);

-- One row for each server and hour: sixty slots, then twelve, then one.
CREATE TABLE minutes (
  server BIGINT NOT NULL,
  hour   BIGINT NOT NULL,
  source BIGINT NOT NULL,
  data   BLOB NOT NULL,
  PRIMARY KEY (server, hour, source)
) WITHOUT ROWID;
CREATE TABLE fives (
  server BIGINT NOT NULL,
  hour   BIGINT NOT NULL,
  source BIGINT NOT NULL,
  data   BLOB NOT NULL,
  PRIMARY KEY (server, hour, source)
) WITHOUT ROWID;
CREATE TABLE hours (
  server BIGINT NOT NULL,
  hour   BIGINT NOT NULL,
  source BIGINT NOT NULL,
  data   BLOB NOT NULL,
  PRIMARY KEY (server, hour, source)
) WITHOUT ROWID;

-- Closed months: 95th percentiles (bit/s) and totals, from 5-min slots while those are still there.
CREATE TABLE months (
  server      BIGINT NOT NULL,
  month       TEXT NOT NULL,
  rate_out    BIGINT NOT NULL,
  rate_in     BIGINT NOT NULL,
  samples     BIGINT NOT NULL,
  from_flows  BIGINT NOT NULL,
  expected    BIGINT NOT NULL,
  bytes_out   BIGINT NOT NULL,
  bytes_in    BIGINT NOT NULL,
  packets_out BIGINT NOT NULL,
  packets_in  BIGINT NOT NULL,
  PRIMARY KEY (server, month)
) WITHOUT ROWID;
