-- One row a case with what lists sort and filter by (src/records/queue.hpp). Derived: written whenever events are appended.
-- Cases from before have their row filled as far as their own row knows, and wholly with their next event.
CREATE TABLE case_queue (
  case_id       BIGINT PRIMARY KEY,
  version       BIGINT NOT NULL,
  server        TEXT NOT NULL,
  customer      TEXT NOT NULL,
  family        TEXT NOT NULL,
  classes       TEXT NOT NULL,
  state         TEXT NOT NULL,
  state_since   BIGINT NOT NULL,
  opened_at     BIGINT NOT NULL,
  changed_at    BIGINT NOT NULL,
  severity      BIGINT NOT NULL,
  confidence    BIGINT NOT NULL,
  deadline_at   BIGINT NOT NULL,
  is_final      BIGINT NOT NULL,
  replied       BIGINT NOT NULL,
  bounced       BIGINT NOT NULL,
  needs_person  BIGINT NOT NULL,
  approval      BIGINT NOT NULL,
  earlier_cases BIGINT NOT NULL,
  verdict       BIGINT NOT NULL,
  answer_s      BIGINT,
  answered_at   BIGINT,
  lead_rank     BIGINT NOT NULL,
  summary       TEXT NOT NULL,
  owner         TEXT NOT NULL
);
INSERT INTO case_queue (case_id, version, server, customer, family, classes, state, state_since, opened_at, changed_at, severity, confidence,
  deadline_at, is_final, replied, bounced, needs_person, approval, earlier_cases, verdict, lead_rank, summary, owner)
  SELECT id, last_seq, server, customer, family, '', state, changed_at, opened_at, changed_at, 0, 0, 9223372036854775807, is_final, 0, 0, 0, 0, 0, 0,
  0, '', '' FROM cases;
CREATE INDEX queue_by_change ON case_queue (is_final, changed_at, case_id);
CREATE INDEX queue_all_by_change ON case_queue (changed_at, case_id);
CREATE INDEX queue_by_opening ON case_queue (is_final, opened_at, case_id);
CREATE INDEX queue_by_severity ON case_queue (is_final, severity, case_id);
CREATE INDEX queue_by_deadline ON case_queue (is_final, deadline_at, case_id);
CREATE INDEX queue_of_customer ON case_queue (customer, is_final, changed_at, case_id);
CREATE INDEX queue_of_server ON case_queue (server, changed_at, case_id);
CREATE INDEX queue_by_owner ON case_queue (owner, is_final, changed_at, case_id);
CREATE INDEX queue_by_state ON case_queue (is_final, state, customer);
CREATE INDEX queue_approvals ON case_queue (approval, case_id);
CREATE INDEX queue_needing ON case_queue (needs_person, is_final, case_id);
CREATE INDEX queue_opened ON case_queue (opened_at);
CREATE INDEX queue_answered ON case_queue (answered_at);
CREATE INDEX events_of_kind ON events (kind, position);
CREATE INDEX tickets_of_customer_by_change ON tickets (customer, changed_at, id);
