-- What the AgentOps SDK uploads beside its spans: captured output of a trace, objects. The newest
-- upload of a name counts.

CREATE TABLE IF NOT EXISTS uploads {{cluster}} (
  project LowCardinality(String),
  kind LowCardinality(String),
  -- Trace id as the sender wrote it (logs), or an id of ours (objects).
  name String,
  uploaded_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  -- As received, which is what limits count.
  size_bytes Int64 CODEC(T64, ZSTD(1)),
  content String CODEC(ZSTD(3))
) ENGINE = {{engine:ReplacingMergeTree(uploaded_at)}}
PARTITION BY toYYYYMMDD(uploaded_at)
ORDER BY (project, kind, name)
-- Rows are up to 25 MiB.
SETTINGS index_granularity = 16, ttl_only_drop_parts = 1;
