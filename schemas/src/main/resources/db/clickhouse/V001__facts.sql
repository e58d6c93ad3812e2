-- Facts: one row per counted call, one per span, message content apart.
-- {{engine:X}} becomes X, or its Replicated form on a cluster; {{cluster}} the ON CLUSTER clause.
-- Retention is not set here but as TTL at each start, from the settings; whole parts are dropped, so
-- a row may outlive it by its partition's length. Every statement can be repeated: services that start
-- together all run them.

CREATE TABLE IF NOT EXISTS calls {{cluster}} (
  project LowCardinality(String),
  layer LowCardinality(String),
  event_time DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  trace_id FixedString(16) CODEC(ZSTD(1)),
  span_id FixedString(8) CODEC(ZSTD(1)),
  parent_span_id FixedString(8) CODEC(ZSTD(1)),
  -- 0 as metered; the number of the repricing run that corrected the row.
  version UInt64 DEFAULT 0,
  arrival_time DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  source_partition Int32 CODEC(T64, ZSTD(1)),
  source_offset Int64 CODEC(Delta(8), ZSTD(1)),
  role LowCardinality(String),
  dialect LowCardinality(String),
  name String CODEC(ZSTD(1)),
  start_time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
  duration_us Int64 CODEC(T64, ZSTD(1)),
  service LowCardinality(String),
  environment LowCardinality(String),
  provider LowCardinality(String),
  model LowCardinality(String),
  request_model LowCardinality(String),
  response_model LowCardinality(String),
  operation LowCardinality(String),
  team LowCardinality(String),
  api_key LowCardinality(String),
  user String CODEC(ZSTD(1)),
  end_user String CODEC(ZSTD(1)),
  session String CODEC(ZSTD(1)),
  agent LowCardinality(String),
  tool LowCardinality(String),
  workflow LowCardinality(String),
  -- Configured attribute dimensions by name.
  extra Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  call_id String CODEC(ZSTD(1)),
  response_id String CODEC(ZSTD(1)),
  streaming Bool,
  cache_hit Bool,
  finish_reason LowCardinality(String),
  failed Bool,
  error_class LowCardinality(String),
  error_type LowCardinality(String),
  error_message String CODEC(ZSTD(1)),
  http_status UInt16,
  -- -1: the sender told none.
  input_tokens Int64 CODEC(T64, ZSTD(1)),
  cache_read_tokens Int64 CODEC(T64, ZSTD(1)),
  cache_write_tokens Int64 CODEC(T64, ZSTD(1)),
  cache_write_1h_tokens Int64 CODEC(T64, ZSTD(1)),
  output_tokens Int64 CODEC(T64, ZSTD(1)),
  reasoning_tokens Int64 CODEC(T64, ZSTD(1)),
  audio_input_tokens Int64 CODEC(T64, ZSTD(1)),
  audio_output_tokens Int64 CODEC(T64, ZSTD(1)),
  image_count Int64 CODEC(T64, ZSTD(1)),
  saved_tokens Int64 CODEC(T64, ZSTD(1)),
  raw_input_tokens Int64 CODEC(T64, ZSTD(1)),
  raw_output_tokens Int64 CODEC(T64, ZSTD(1)),
  raw_total_tokens Int64 CODEC(T64, ZSTD(1)),
  service_tier LowCardinality(String),
  ttft_us Int64 CODEC(T64, ZSTD(1)),
  tpot_us Int64 CODEC(T64, ZSTD(1)),
  queue_us Int64 CODEC(T64, ZSTD(1)),
  prefill_us Int64 CODEC(T64, ZSTD(1)),
  decode_us Int64 CODEC(T64, ZSTD(1)),
  cost Nullable(Decimal(38, 12)) CODEC(ZSTD(1)),
  reported_cost Nullable(Decimal(38, 12)) CODEC(ZSTD(1)),
  computed_cost Nullable(Decimal(38, 12)) CODEC(ZSTD(1)),
  priced Enum8('none' = 0, 'priced' = 1, 'unpriced' = 2),
  price_book LowCardinality(String),
  price_entry LowCardinality(String),
  flags UInt32,
  INDEX by_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
  INDEX by_response response_id TYPE bloom_filter(0.001) GRANULARITY 1,
  INDEX by_session session TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = {{engine:ReplacingMergeTree(version)}}
PARTITION BY toYYYYMM(event_time)
ORDER BY (project, layer, event_time, trace_id, span_id)
SETTINGS ttl_only_drop_parts = 1;

-- Spans that another span of the same attempt was counted for: shown, never counted.
CREATE TABLE IF NOT EXISTS duplicates {{cluster}} (
  project LowCardinality(String),
  layer LowCardinality(String),
  event_time DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  trace_id FixedString(16) CODEC(ZSTD(1)),
  span_id FixedString(8) CODEC(ZSTD(1)),
  arrival_time DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  source_partition Int32 CODEC(T64, ZSTD(1)),
  source_offset Int64 CODEC(Delta(8), ZSTD(1)),
  INDEX by_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1
) ENGINE = {{engine:ReplacingMergeTree}}
PARTITION BY toYYYYMM(event_time)
ORDER BY (project, layer, event_time, trace_id, span_id)
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS spans {{cluster}} (
  project LowCardinality(String),
  -- The span's end, or its arrival if that is no sensible time.
  ts DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  trace_id FixedString(16) CODEC(ZSTD(1)),
  span_id FixedString(8) CODEC(ZSTD(1)),
  parent_span_id FixedString(8) CODEC(ZSTD(1)),
  arrival_time DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  source_partition Int32 CODEC(T64, ZSTD(1)),
  source_offset Int64 CODEC(Delta(8), ZSTD(1)),
  name LowCardinality(String),
  kind UInt8,
  role LowCardinality(String),
  layer LowCardinality(String),
  dialect LowCardinality(String),
  service LowCardinality(String),
  environment LowCardinality(String),
  scope_name LowCardinality(String),
  scope_version LowCardinality(String),
  start_time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
  end_time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
  status_code UInt8,
  status_message String CODEC(ZSTD(1)),
  failed Bool,
  error_class LowCardinality(String),
  provider LowCardinality(String),
  model LowCardinality(String),
  operation LowCardinality(String),
  agent LowCardinality(String),
  tool LowCardinality(String),
  workflow LowCardinality(String),
  -- What the call, if it is one, cost and used as the sink read it: the other side of reconcile.
  also_request Bool,
  call_id String CODEC(ZSTD(1)),
  response_id String CODEC(ZSTD(1)),
  input_tokens Int64 CODEC(T64, ZSTD(1)),
  cache_read_tokens Int64 CODEC(T64, ZSTD(1)),
  cache_write_tokens Int64 CODEC(T64, ZSTD(1)),
  output_tokens Int64 CODEC(T64, ZSTD(1)),
  reasoning_tokens Int64 CODEC(T64, ZSTD(1)),
  saved_tokens Int64 CODEC(T64, ZSTD(1)),
  reported_cost Nullable(Decimal(38, 12)) CODEC(ZSTD(1)),
  cost Nullable(Decimal(38, 12)) CODEC(ZSTD(1)),
  price_book LowCardinality(String),
  session String CODEC(ZSTD(1)),
  user String CODEC(ZSTD(1)),
  trace_state String CODEC(ZSTD(1)),
  flags UInt32,
  -- Without message content.
  attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  resource Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  event_times Array(DateTime64(9, 'UTC')) CODEC(ZSTD(1)),
  event_names Array(LowCardinality(String)) CODEC(ZSTD(1)),
  event_attributes Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
  link_trace_ids Array(FixedString(16)) CODEC(ZSTD(1)),
  link_span_ids Array(FixedString(8)) CODEC(ZSTD(1)),
  link_states Array(String) CODEC(ZSTD(1)),
  link_attributes Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
  has_content Bool,
  INDEX by_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
  INDEX by_session session TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = {{engine:ReplacingMergeTree(source_offset)}}
PARTITION BY toYYYYMMDD(ts)
ORDER BY (project, ts, span_id, trace_id)
SETTINGS ttl_only_drop_parts = 1;

CREATE TABLE IF NOT EXISTS span_content {{cluster}} (
  project LowCardinality(String),
  trace_id FixedString(16),
  span_id FixedString(8),
  ts DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
  -- Attribute keys and values that hold prompts, completions, tool input and output.
  content Map(LowCardinality(String), String) CODEC(ZSTD(3))
) ENGINE = {{engine:ReplacingMergeTree}}
PARTITION BY toYYYYMMDD(ts)
ORDER BY (project, trace_id, span_id)
SETTINGS index_granularity = 256, ttl_only_drop_parts = 1;
