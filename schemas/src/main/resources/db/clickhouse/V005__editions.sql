-- Editions of the rollups: see Generation. Readers read the greatest active one.

CREATE TABLE IF NOT EXISTS editions {{cluster}} (
  edition UInt32,
  -- wanted: the job shall count into it; active: it is complete.
  state LowCardinality(String),
  -- Cubes filled in it, by name, dimensions and windows; and from which window start on (epoch ms).
  cubes Map(String, Int64),
  updated_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {{engine:ReplacingMergeTree(updated_at)}}
ORDER BY edition;

-- Where each source partition went over to an edition: what lies before source_offset counts in
-- editions before it. Written by the sink of calls, after all calls before that offset.
CREATE TABLE IF NOT EXISTS edition_cuts {{cluster}} (
  edition UInt32,
  source_partition Int32,
  source_offset Int64,
  arrival_ms Int64,
  -- Cubes the job folds, as above.
  cubes Array(String)
) ENGINE = {{engine:ReplacingMergeTree}}
ORDER BY (edition, source_partition);
