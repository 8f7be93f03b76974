-- The last step of a port action: whether the switch's next start will know of it.
ALTER TABLE port_journal ADD COLUMN saving TEXT NOT NULL DEFAULT 'none';
CREATE INDEX port_journal_unsaved ON port_journal (switch) WHERE saving IN ('due', 'not_saved');

-- Since when a server is recorded on its switch port with its MAC address. 0: from before this was kept.
ALTER TABLE servers ADD COLUMN placed_at BIGINT NOT NULL DEFAULT 0;

-- What the last regular comparison of the record with the switches found. No foreign key: an import replaces all servers.
CREATE TABLE record_differences (
  server   TEXT NOT NULL,
  rule     TEXT NOT NULL,
  what     TEXT NOT NULL,
  since_at BIGINT NOT NULL,
  PRIMARY KEY (server, rule)
);
