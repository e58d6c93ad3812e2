-- What lists are narrowed down by before they look at spans. Kept by views as spans are inserted, so
-- a span that is inserted twice counts twice here: figures are never less than the true ones, which
-- are worked out from spans and calls for the few rows that a list can show.

-- Per trace and hour of its spans. A trace id as two numbers, its halves in the order of the bytes.
CREATE TABLE IF NOT EXISTS trace_bounds {{cluster}} (
  project LowCardinality(String),
  -- Of ts.
  hour DateTime('UTC'),
  trace_high UInt64,
  trace_low UInt64,
  start_ns SimpleAggregateFunction(min, Int64),
  end_ns SimpleAggregateFunction(max, Int64),
  spans SimpleAggregateFunction(sum, UInt64),
  errors SimpleAggregateFunction(sum, UInt64),
  -- Bit n: there are spans of the hour's minute n.
  minutes SimpleAggregateFunction(groupBitOr, UInt64)
) ENGINE = {{engine:AggregatingMergeTree}}
PARTITION BY toYYYYMMDD(hour)
ORDER BY (project, hour, trace_low, trace_high)
SETTINGS ttl_only_drop_parts = 1;

-- Which traces name a session, by the hour of the spans that do.
CREATE TABLE IF NOT EXISTS session_traces {{cluster}} (
  project LowCardinality(String),
  hour DateTime('UTC'),
  session_hash UInt64,
  session String CODEC(ZSTD(1)),
  trace_high UInt64,
  trace_low UInt64
) ENGINE = {{engine:ReplacingMergeTree}}
PARTITION BY toYYYYMMDD(hour)
ORDER BY (project, hour, session_hash, session, trace_low, trace_high)
SETTINGS ttl_only_drop_parts = 1;

-- When calls of an hour were last written, like span_hours: bounds of their sums stay right until then.
CREATE TABLE IF NOT EXISTS call_hours {{cluster}} (
  project LowCardinality(String),
  hour DateTime('UTC'),
  written_at SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
) ENGINE = {{engine:AggregatingMergeTree}}
PARTITION BY toYYYYMM(hour)
ORDER BY (project, hour)
SETTINGS ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS call_hours_written {{cluster}} TO call_hours AS
SELECT project, toStartOfHour(event_time) AS hour, max(now64(3, 'UTC')) AS written_at
FROM calls GROUP BY project, hour;

CREATE MATERIALIZED VIEW IF NOT EXISTS trace_bounds_written {{cluster}} TO trace_bounds AS
SELECT project, toStartOfHour(ts) AS hour, byteSwap(toUInt64(id)) AS trace_high,
  byteSwap(toUInt64(bitShiftRight(id, 64))) AS trace_low,
  min(toUnixTimestamp64Nano(start_time)) AS start_ns, max(toUnixTimestamp64Nano(end_time)) AS end_ns,
  count() AS spans, countIf(failed) AS errors,
  groupBitOr(bitShiftLeft(toUInt64(1), toMinute(ts))) AS minutes
FROM spans GROUP BY project, hour, reinterpretAsUInt128(trace_id) AS id;

CREATE MATERIALIZED VIEW IF NOT EXISTS session_traces_written {{cluster}} TO session_traces AS
SELECT project, toStartOfHour(ts) AS hour, sipHash64(session) AS session_hash, session,
  byteSwap(toUInt64(id)) AS trace_high, byteSwap(toUInt64(bitShiftRight(id, 64))) AS trace_low
FROM spans WHERE session != '' GROUP BY project, hour, session, reinterpretAsUInt128(trace_id) AS id;

INSERT INTO call_hours SELECT project, toStartOfHour(event_time) AS hour, max(now64(3, 'UTC'))
FROM calls GROUP BY project, hour;

INSERT INTO trace_bounds SELECT project, toStartOfHour(ts),
  byteSwap(toUInt64(reinterpretAsUInt128(trace_id))),
  byteSwap(toUInt64(bitShiftRight(reinterpretAsUInt128(trace_id), 64))),
  toUnixTimestamp64Nano(start_time), toUnixTimestamp64Nano(end_time), 1, failed,
  bitShiftLeft(toUInt64(1), toMinute(ts))
FROM spans SETTINGS max_partitions_per_insert_block = 0, optimize_on_insert = 1;

INSERT INTO session_traces SELECT project, toStartOfHour(ts), sipHash64(session), session,
  byteSwap(toUInt64(reinterpretAsUInt128(trace_id))),
  byteSwap(toUInt64(bitShiftRight(reinterpretAsUInt128(trace_id), 64)))
FROM spans WHERE session != '' SETTINGS max_partitions_per_insert_block = 0, optimize_on_insert = 1;
