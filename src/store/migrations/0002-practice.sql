-- The business's own name for a case, by which outcomes and decisions find their run; and what people decided on the
-- inputs of shadow runs.

ALTER TABLE runs {{on_cluster}} ADD COLUMN IF NOT EXISTS business_key String CODEC(ZSTD(1)) AFTER session_id;

ALTER TABLE runs {{on_cluster}} ADD INDEX IF NOT EXISTS business_key_bloom business_key TYPE bloom_filter(0.001) GRANULARITY 1;

CREATE TABLE IF NOT EXISTS decisions {{on_cluster}} (
  decision_id String CODEC(ZSTD(1)),
  run_id String CODEC(ZSTD(1)),
  workflow LowCardinality(String),
  version LowCardinality(String),
  output String CODEC(ZSTD(3)),
  reason LowCardinality(String),
  note String CODEC(ZSTD(3)),
  reviewer LowCardinality(String),
  compared Array(LowCardinality(String)),
  differing Array(LowCardinality(String)),
  run_received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  stored_at DateTime('UTC') DEFAULT now() CODEC(Delta, ZSTD(1)),
  INDEX run_id_bloom run_id TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = {{engine MergeTree}}
PARTITION BY toYYYYMM(received_at)
ORDER BY (workflow, received_at, run_id)
SETTINGS {{settings}};
