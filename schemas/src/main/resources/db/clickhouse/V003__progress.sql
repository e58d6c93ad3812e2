-- How far everything is, written by the aggregator and read by the query API.

-- Per kind (spans, calls, rollups), sink partition and source partition: the offset of otlp_spans up to
-- which all is visible, and the wall-clock tick of the marker that said so.
CREATE TABLE IF NOT EXISTS progress {{cluster}} (
  kind LowCardinality(String),
  sink_partition Int32,
  source_partition Int32,
  source_offset Int64,
  -- Arrival time of the last record before source_offset; 0 if none is known.
  arrival_ms Int64,
  -- Position in the sink's own topic: where to go on if the consumer group's offsets are gone.
  sink_offset Int64,
  tick_ms Int64,
  updated_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {{engine:ReplacingMergeTree(updated_at)}}
ORDER BY (kind, sink_partition, source_partition);

-- End offsets of otlp_spans, sampled about each second: what was acknowledged before sampled_ms lies
-- before end_offset.
CREATE TABLE IF NOT EXISTS source_ends {{cluster}} (
  source_partition Int32,
  sampled_ms Int64,
  end_offset Int64
) ENGINE = {{engine:ReplacingMergeTree}}
ORDER BY (source_partition, sampled_ms)
TTL toDateTime(intDiv(sampled_ms, 1000)) + INTERVAL 2 DAY;

-- Small facts by name, as JSON: price book in force, folded series, dead letters, last reconcile,
-- lateness of senders, versions.
CREATE TABLE IF NOT EXISTS status {{cluster}} (
  source LowCardinality(String),
  name LowCardinality(String),
  value String,
  updated_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {{engine:ReplacingMergeTree(updated_at)}}
ORDER BY (source, name);

-- Runs of reconcile, rebuild and reprice, and admin actions.
CREATE TABLE IF NOT EXISTS runs {{cluster}} (
  id UInt64,
  kind LowCardinality(String),
  name String,
  state LowCardinality(String),
  started_at DateTime64(3, 'UTC'),
  finished_at Nullable(DateTime64(3, 'UTC')),
  detail String,
  updated_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {{engine:ReplacingMergeTree(updated_at)}}
ORDER BY (kind, id);
