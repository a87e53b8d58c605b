-- The name of the key that asked; '' where no keys are configured, and for what was asked before.
ALTER TABLE approvals ADD COLUMN asked_by TEXT NOT NULL DEFAULT '';
CREATE INDEX approvals_open_by_key ON approvals (asked_by) WHERE is_open = 1;
