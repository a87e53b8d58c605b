CREATE TABLE incidents (
  incident_id TEXT PRIMARY KEY,
  workflow TEXT NOT NULL,
  state TEXT NOT NULL,
  opened_at_ms INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX incidents_by_workflow ON incidents (workflow, opened_at_ms);
CREATE INDEX incidents_by_state ON incidents (state, opened_at_ms);

-- seq is the order of promise: messages of one (channel, subject) leave in it.
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  channel TEXT NOT NULL,
  subject TEXT NOT NULL,
  workflow TEXT NOT NULL,
  payload TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending',
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at_ms INTEGER NOT NULL DEFAULT 0,
  last_error TEXT NOT NULL DEFAULT '',
  delivered_at_ms INTEGER
) STRICT;
CREATE INDEX outbox_pending ON outbox (channel, subject, seq) WHERE state = 'pending';
CREATE INDEX outbox_by_state ON outbox (state, seq);

CREATE TABLE pauses (
  workflow TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  reason TEXT NOT NULL,
  actor TEXT NOT NULL,
  incident_id TEXT NOT NULL
) STRICT;

CREATE TABLE baselines (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  baseline_id TEXT NOT NULL UNIQUE,
  workflow TEXT NOT NULL,
  baseline TEXT NOT NULL,
  from_ms INTEGER NOT NULL,
  to_ms INTEGER NOT NULL,
  runs INTEGER NOT NULL,
  pinned_at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX baselines_by_workflow ON baselines (workflow, seq);

CREATE TABLE detectors (
  workflow TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  through_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE changes (
  change_id TEXT PRIMARY KEY,
  workflow TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX changes_by_workflow ON changes (workflow, at_ms);

CREATE TABLE audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  workflow TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_workflow ON audit (workflow, seq);

CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
