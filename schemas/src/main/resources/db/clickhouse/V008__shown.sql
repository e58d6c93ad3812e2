-- Since when each series of /metrics is shown: replicas and restarts must agree which are new.
CREATE TABLE IF NOT EXISTS metric_series {{cluster}} (
  project LowCardinality(String),
  layer LowCardinality(String),
  provider LowCardinality(String),
  model LowCardinality(String),
  operation LowCardinality(String),
  -- Empty for the label set itself; a class of error or a kind of histogram that came later.
  part LowCardinality(String),
  first_ms SimpleAggregateFunction(min, Int64)
) ENGINE = {{engine:AggregatingMergeTree}}
ORDER BY (project, layer, provider, model, operation, part);

-- When spans of an hour were last written, whatever wrote them: a count of spans stays right until then.
CREATE TABLE IF NOT EXISTS span_hours {{cluster}} (
  project LowCardinality(String),
  hour DateTime('UTC'),
  written_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
  newest SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
) ENGINE = {{engine:AggregatingMergeTree}}
PARTITION BY toYYYYMM(hour)
ORDER BY (project, hour)
SETTINGS ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS span_hours_written {{cluster}} TO span_hours AS
SELECT project, toStartOfHour(ts) AS hour, max(now64(3, 'UTC')) AS written_at, max(ts) AS newest
FROM spans GROUP BY project, hour;

INSERT INTO span_hours SELECT project, toStartOfHour(ts) AS hour, max(now64(3, 'UTC')), max(ts)
FROM spans GROUP BY project, hour;
