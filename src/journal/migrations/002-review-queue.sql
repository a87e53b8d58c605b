-- Runs that wait for a person. round is 2 for a second opinion on the same run.
CREATE TABLE review_queue (
  run_id TEXT NOT NULL,
  round INTEGER NOT NULL,
  workflow TEXT NOT NULL,
  version TEXT NOT NULL,
  received_at_ms INTEGER NOT NULL,
  chosen_by TEXT NOT NULL,
  why TEXT NOT NULL,
  probability REAL NOT NULL,
  queued_at_ms INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting',
  reviewer TEXT NOT NULL DEFAULT '',
  claimed_at_ms INTEGER NOT NULL DEFAULT 0,
  claimed_until_ms INTEGER NOT NULL DEFAULT 0,
  done_at_ms INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (run_id, round)
) STRICT;
CREATE INDEX review_queue_open ON review_queue (workflow, queued_at_ms) WHERE state != 'done';
CREATE INDEX review_queue_done ON review_queue (reviewer, done_at_ms) WHERE state = 'done';
