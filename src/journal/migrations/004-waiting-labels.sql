-- Outcomes and decisions that came before their runs.
CREATE TABLE waiting_labels (
  id TEXT PRIMARY KEY,
  body TEXT NOT NULL,
  since_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX waiting_labels_by_age ON waiting_labels (since_ms);
