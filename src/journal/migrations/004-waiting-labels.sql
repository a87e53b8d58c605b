-- Outcomes and decisions that came before their runs; awaits is the run's id, or workflow and business key.
CREATE TABLE waiting_labels (
  id TEXT PRIMARY KEY,
  awaits TEXT NOT NULL,
  body TEXT NOT NULL,
  since_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX waiting_labels_by_age ON waiting_labels (since_ms);
