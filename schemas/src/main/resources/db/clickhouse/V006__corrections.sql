-- What repricing changed. A run's rows stand here before anything else of it is written, so a run
-- that died half way is finished from them and never worked out anew.

-- One row per corrected call and run: before and after.
CREATE TABLE IF NOT EXISTS corrections {{cluster}} (
  project LowCardinality(String),
  layer LowCardinality(String),
  event_time DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  trace_id FixedString(16) CODEC(ZSTD(1)),
  span_id FixedString(8) CODEC(ZSTD(1)),
  run UInt64,
  old_cost Nullable(Decimal(38, 12)) CODEC(ZSTD(1)),
  old_computed Nullable(Decimal(38, 12)) CODEC(ZSTD(1)),
  old_priced Enum8('none' = 0, 'priced' = 1, 'unpriced' = 2),
  old_book LowCardinality(String),
  new_reported Nullable(Decimal(38, 12)) CODEC(ZSTD(1)),
  new_cost Nullable(Decimal(38, 12)) CODEC(ZSTD(1)),
  new_computed Nullable(Decimal(38, 12)) CODEC(ZSTD(1)),
  new_priced Enum8('none' = 0, 'priced' = 1, 'unpriced' = 2),
  new_book LowCardinality(String),
  new_entry LowCardinality(String)
) ENGINE = {{engine:ReplacingMergeTree}}
PARTITION BY toYYYYMM(event_time)
ORDER BY (project, layer, event_time, trace_id, span_id, run)
SETTINGS ttl_only_drop_parts = 1;

-- The same summed up by the labels of the ledger, kept for ever: what stands beside it.
CREATE TABLE IF NOT EXISTS correction_totals {{cluster}} (
  run UInt64,
  project LowCardinality(String),
  layer LowCardinality(String),
  provider LowCardinality(String),
  model LowCardinality(String),
  operation LowCardinality(String),
  calls Int64,
  cost Decimal(38, 12),
  computed_cost Decimal(38, 12),
  priced Int64,
  unpriced Int64
) ENGINE = {{engine:ReplacingMergeTree}}
ORDER BY (run, project, layer, provider, model, operation);

-- Which process works on a run.
ALTER TABLE runs {{cluster}} ADD COLUMN IF NOT EXISTS owner String;
