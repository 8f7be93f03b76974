-- What flow exporters have told once and for all: templates and sampling rules (src/flow/exporter_memory.hpp), as lower-case hex.
-- Derived: a row may be deleted at any time; the exporter's data waits until it repeats its templates.
CREATE TABLE exporters (
  address TEXT NOT NULL,
  port    BIGINT NOT NULL,
  memory  TEXT NOT NULL,
  kept_at BIGINT NOT NULL,
  PRIMARY KEY (address, port)
);
