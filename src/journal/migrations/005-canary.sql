-- Frozen inputs with their pinned answers, and what each round of the canary said.
CREATE TABLE canary_cases (
  workflow TEXT NOT NULL,
  case_id TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (workflow, case_id)
) STRICT;

CREATE TABLE canary_rounds (
  round_id TEXT PRIMARY KEY,
  workflow TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX canary_rounds_by_workflow ON canary_rounds (workflow, at_ms);
