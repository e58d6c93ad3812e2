-- Rollups: cumulative rows, the newest version of a (series, window, generation) counts, generations
-- are added. All tables share one shape; a cube leaves the dimensions it lacks empty. Measures are
-- signed: a correction is a generation of its own with differences.

CREATE TABLE IF NOT EXISTS rollup_summary_minute {{cluster}} (
  project LowCardinality(String),
  layer LowCardinality(String),
  window_start DateTime('UTC') CODEC(DoubleDelta, LZ4),
  series_hash UInt128,
  generation Int64,
  version Int64,
  provider LowCardinality(String),
  model LowCardinality(String),
  operation LowCardinality(String),
  error_class LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  team LowCardinality(String),
  api_key LowCardinality(String),
  user String CODEC(ZSTD(1)),
  extra Map(LowCardinality(String), String),
  calls Int64 CODEC(T64, LZ4),
  errors Int64 CODEC(T64, LZ4),
  streaming Int64 CODEC(T64, LZ4),
  cache_hits Int64 CODEC(T64, LZ4),
  without_usage Int64 CODEC(T64, LZ4),
  input_tokens Int64 CODEC(T64, LZ4),
  cache_read_tokens Int64 CODEC(T64, LZ4),
  cache_write_tokens Int64 CODEC(T64, LZ4),
  output_tokens Int64 CODEC(T64, LZ4),
  reasoning_tokens Int64 CODEC(T64, LZ4),
  saved_tokens Int64 CODEC(T64, LZ4),
  cost Decimal(38, 12),
  reported_cost Decimal(38, 12),
  computed_cost Decimal(38, 12),
  priced Int64 CODEC(T64, LZ4),
  unpriced Int64 CODEC(T64, LZ4),
  duration_count Int64 CODEC(T64, LZ4),
  duration_sum_us Int64 CODEC(T64, LZ4),
  -- Without a value: the greatest Int64, and -1.
  duration_min_us Int64 CODEC(T64, LZ4),
  duration_max_us Int64 CODEC(T64, LZ4),
  duration_sketch Map(Int16, UInt64),
  ttft_count Int64 CODEC(T64, LZ4),
  ttft_sum_us Int64 CODEC(T64, LZ4),
  ttft_max_us Int64 CODEC(T64, LZ4),
  ttft_sketch Map(Int16, UInt64),
  tpot_count Int64 CODEC(T64, LZ4),
  tpot_sum_us Int64 CODEC(T64, LZ4),
  tpot_max_us Int64 CODEC(T64, LZ4),
  tpot_sketch Map(Int16, UInt64),
  queue_count Int64 CODEC(T64, LZ4),
  queue_sum_us Int64 CODEC(T64, LZ4),
  queue_max_us Int64 CODEC(T64, LZ4),
  queue_sketch Map(Int16, UInt64),
  prefill_count Int64 CODEC(T64, LZ4),
  prefill_sum_us Int64 CODEC(T64, LZ4),
  prefill_max_us Int64 CODEC(T64, LZ4),
  prefill_sketch Map(Int16, UInt64),
  decode_count Int64 CODEC(T64, LZ4),
  decode_sum_us Int64 CODEC(T64, LZ4),
  decode_max_us Int64 CODEC(T64, LZ4),
  decode_sketch Map(Int16, UInt64),
  slowest_us Int64,
  slowest_trace FixedString(16),
  -- -1: no error yet.
  latest_error_ms Int64,
  latest_error_trace FixedString(16)
) ENGINE = {{engine:ReplacingMergeTree(version)}}
PARTITION BY toYYYYMMDD(window_start)
ORDER BY (project, layer, window_start, series_hash, generation)
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS rollup_summary_hour {{cluster}} AS rollup_summary_minute
ENGINE = {{engine:ReplacingMergeTree(version)}}
PARTITION BY toYYYYMM(window_start)
ORDER BY (project, layer, window_start, series_hash, generation)
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS rollup_summary_day {{cluster}} AS rollup_summary_minute
ENGINE = {{engine:ReplacingMergeTree(version)}}
PARTITION BY toYear(window_start)
ORDER BY (project, layer, window_start, series_hash, generation)
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS rollup_summary_all {{cluster}} AS rollup_summary_minute
ENGINE = {{engine:ReplacingMergeTree(version)}}
ORDER BY (project, layer, window_start, series_hash, generation)
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS rollup_model_minute {{cluster}} AS rollup_summary_minute
ENGINE = {{engine:ReplacingMergeTree(version)}}
PARTITION BY toYYYYMMDD(window_start)
ORDER BY (project, layer, window_start, series_hash, generation)
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS rollup_model_hour {{cluster}} AS rollup_summary_minute
ENGINE = {{engine:ReplacingMergeTree(version)}}
PARTITION BY toYYYYMM(window_start)
ORDER BY (project, layer, window_start, series_hash, generation)
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS rollup_model_day {{cluster}} AS rollup_summary_minute
ENGINE = {{engine:ReplacingMergeTree(version)}}
PARTITION BY toYear(window_start)
ORDER BY (project, layer, window_start, series_hash, generation)
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS rollup_model_all {{cluster}} AS rollup_summary_minute
ENGINE = {{engine:ReplacingMergeTree(version)}}
ORDER BY (project, layer, window_start, series_hash, generation)
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS rollup_traffic_minute {{cluster}} AS rollup_summary_minute
ENGINE = {{engine:ReplacingMergeTree(version)}}
PARTITION BY toYYYYMMDD(window_start)
ORDER BY (project, layer, window_start, series_hash, generation)
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS rollup_traffic_hour {{cluster}} AS rollup_summary_minute
ENGINE = {{engine:ReplacingMergeTree(version)}}
PARTITION BY toYYYYMM(window_start)
ORDER BY (project, layer, window_start, series_hash, generation)
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS rollup_traffic_day {{cluster}} AS rollup_summary_minute
ENGINE = {{engine:ReplacingMergeTree(version)}}
PARTITION BY toYear(window_start)
ORDER BY (project, layer, window_start, series_hash, generation)
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS rollup_usage_hour {{cluster}} AS rollup_summary_minute
ENGINE = {{engine:ReplacingMergeTree(version)}}
PARTITION BY toYYYYMM(window_start)
ORDER BY (project, layer, window_start, series_hash, generation)
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS rollup_usage_day {{cluster}} AS rollup_summary_minute
ENGINE = {{engine:ReplacingMergeTree(version)}}
PARTITION BY toYear(window_start)
ORDER BY (project, layer, window_start, series_hash, generation)
SETTINGS ttl_only_drop_parts = 1;
