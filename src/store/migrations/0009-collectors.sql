-- How far each collector has got, where several feed one store: the monitor reads no minute before all of them are past it.
CREATE TABLE IF NOT EXISTS collectors {{on_cluster}} (
  collector_id String,
  drained_through DateTime64(3, 'UTC'),
  seen_at DateTime('UTC') DEFAULT now()
)
ENGINE = {{engine MergeTree}}
PARTITION BY toDate(seen_at)
ORDER BY (seen_at, collector_id)
TTL seen_at + INTERVAL 2 DAY
SETTINGS {{settings}};
