-- Rows as src/model/rows.ts describes them. Placeholders are filled by src/store/migrate.ts.
-- `stored_at` is what retention counts from (src/store/retention.ts).

CREATE TABLE IF NOT EXISTS runs {{on_cluster}} (
  run_id String CODEC(ZSTD(1)),
  workflow LowCardinality(String),
  mode LowCardinality(String),
  source LowCardinality(String),
  trace_id String CODEC(ZSTD(1)),
  span_id String CODEC(ZSTD(1)),
  status LowCardinality(String),
  error_type LowCardinality(String),
  error_message String CODEC(ZSTD(3)),
  error_stack String CODEC(ZSTD(3)),
  started_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  ended_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  inputs String CODEC(ZSTD(3)),
  outputs String CODEC(ZSTD(3)),
  version LowCardinality(String),
  model LowCardinality(String),
  model_resolved LowCardinality(String),
  confidence Nullable(Float64),
  input_tokens Nullable(UInt32),
  output_tokens Nullable(UInt32),
  cost_usd Nullable(Float64),
  retries UInt32,
  session_id String CODEC(ZSTD(1)),
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  findings String CODEC(ZSTD(3)),
  null_fields Array(LowCardinality(String)),
  fields Array(LowCardinality(String)),
  stored_at DateTime('UTC') DEFAULT now() CODEC(Delta, ZSTD(1)),
  INDEX run_id_bloom run_id TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = {{engine MergeTree}}
PARTITION BY toYYYYMM(received_at)
ORDER BY (workflow, received_at, run_id)
SETTINGS {{settings}};

CREATE TABLE IF NOT EXISTS steps {{on_cluster}} (
  step_id String CODEC(ZSTD(1)),
  run_id String CODEC(ZSTD(1)),
  workflow LowCardinality(String),
  name LowCardinality(String),
  kind LowCardinality(String),
  status LowCardinality(String),
  error_type LowCardinality(String),
  error_message String CODEC(ZSTD(3)),
  error_stack String CODEC(ZSTD(3)),
  started_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  ended_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  inputs String CODEC(ZSTD(3)),
  outputs String CODEC(ZSTD(3)),
  retries UInt32,
  model LowCardinality(String),
  input_tokens Nullable(UInt32),
  output_tokens Nullable(UInt32),
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  stored_at DateTime('UTC') DEFAULT now() CODEC(Delta, ZSTD(1)),
  INDEX run_id_bloom run_id TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = {{engine MergeTree}}
PARTITION BY toYYYYMM(received_at)
ORDER BY (workflow, received_at, run_id)
SETTINGS {{settings}};

CREATE TABLE IF NOT EXISTS reviews {{on_cluster}} (
  review_id String CODEC(ZSTD(1)),
  run_id String CODEC(ZSTD(1)),
  workflow LowCardinality(String),
  version LowCardinality(String),
  verdict LowCardinality(String),
  output String CODEC(ZSTD(3)),
  reason LowCardinality(String),
  note String CODEC(ZSTD(3)),
  reviewer LowCardinality(String),
  duration_ms Nullable(Float64),
  chosen_by LowCardinality(String),
  run_received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  stored_at DateTime('UTC') DEFAULT now() CODEC(Delta, ZSTD(1)),
  INDEX run_id_bloom run_id TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = {{engine MergeTree}}
PARTITION BY toYYYYMM(received_at)
ORDER BY (workflow, received_at, run_id)
SETTINGS {{settings}};

CREATE TABLE IF NOT EXISTS outcomes {{on_cluster}} (
  outcome_id String CODEC(ZSTD(1)),
  run_id String CODEC(ZSTD(1)),
  workflow LowCardinality(String),
  version LowCardinality(String),
  name LowCardinality(String),
  value String CODEC(ZSTD(1)),
  run_received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  stored_at DateTime('UTC') DEFAULT now() CODEC(Delta, ZSTD(1)),
  INDEX run_id_bloom run_id TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = {{engine MergeTree}}
PARTITION BY toYYYYMM(received_at)
ORDER BY (workflow, received_at, run_id)
SETTINGS {{settings}};

-- What was deployed is small and explains old incidents: it is kept for ever.
CREATE TABLE IF NOT EXISTS versions {{on_cluster}} (
  workflow LowCardinality(String),
  version String,
  prompt_name LowCardinality(String),
  prompt_version LowCardinality(String),
  prompt String CODEC(ZSTD(3)),
  model LowCardinality(String),
  settings String CODEC(ZSTD(3)),
  code_revision String,
  first_seen_at DateTime64(3, 'UTC')
)
ENGINE = {{engine MergeTree}}
ORDER BY (workflow, version, first_seen_at)
SETTINGS {{settings}};

CREATE TABLE IF NOT EXISTS rejects {{on_cluster}} (
  reject_id String,
  received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
  source LowCardinality(String),
  content_type LowCardinality(String),
  reason LowCardinality(String),
  body String CODEC(ZSTD(3)),
  stored_at DateTime('UTC') DEFAULT now() CODEC(Delta, ZSTD(1))
)
ENGINE = {{engine MergeTree}}
PARTITION BY toYYYYMM(received_at)
ORDER BY (received_at, reject_id)
SETTINGS {{settings}};

-- Sorted minute first: a sweep reads the newest minutes of every signal.
CREATE TABLE IF NOT EXISTS rollups {{on_cluster}} (
  minute DateTime('UTC') CODEC(Delta, ZSTD(1)),
  workflow LowCardinality(String),
  version LowCardinality(String),
  kind LowCardinality(String),
  field LowCardinality(String),
  bin String CODEC(ZSTD(1)),
  n UInt64 CODEC(ZSTD(1)),
  stored_at SimpleAggregateFunction(max, DateTime('UTC')) DEFAULT now() CODEC(Delta, ZSTD(1))
)
ENGINE = {{engine SummingMergeTree n}}
PARTITION BY toYYYYMM(minute)
ORDER BY (minute, workflow, kind, field, version, bin)
SETTINGS {{settings}};

-- Sorted signal first: a chart reads one signal over weeks.
CREATE TABLE IF NOT EXISTS rollups_hour {{on_cluster}} (
  hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
  workflow LowCardinality(String),
  version LowCardinality(String),
  kind LowCardinality(String),
  field LowCardinality(String),
  bin String CODEC(ZSTD(1)),
  n UInt64 CODEC(ZSTD(1)),
  first_minute SimpleAggregateFunction(min, DateTime('UTC')),
  last_minute SimpleAggregateFunction(max, DateTime('UTC')),
  stored_at SimpleAggregateFunction(max, DateTime('UTC')) DEFAULT now() CODEC(Delta, ZSTD(1))
)
ENGINE = {{engine SummingMergeTree n}}
PARTITION BY toYYYYMM(hour)
ORDER BY (workflow, kind, field, version, hour, bin)
SETTINGS {{settings}};

CREATE MATERIALIZED VIEW IF NOT EXISTS rollups_hour_view {{on_cluster}} TO rollups_hour AS
SELECT
  toStartOfHour(minute) AS hour,
  workflow,
  version,
  kind,
  field,
  bin,
  sum(n) AS n,
  min(minute) AS first_minute,
  max(minute) AS last_minute
FROM rollups
GROUP BY hour, workflow, version, kind, field, bin;
