-- What automations asked before they act. counted is 1 once the decision is among the signals.
CREATE TABLE approvals (
  approval_id TEXT PRIMARY KEY,
  workflow TEXT NOT NULL,
  state TEXT NOT NULL,
  held_at_ms INTEGER NOT NULL,
  deadline_ms INTEGER NOT NULL,
  -- A person still has something to do.
  is_open INTEGER NOT NULL,
  counted INTEGER NOT NULL DEFAULT 0,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX approvals_held ON approvals (deadline_ms) WHERE state = 'held';
CREATE INDEX approvals_open ON approvals (workflow, deadline_ms) WHERE is_open = 1;
CREATE INDEX approvals_uncounted ON approvals (held_at_ms) WHERE counted = 0 AND state != 'held';
CREATE INDEX approvals_by_time ON approvals (held_at_ms);
