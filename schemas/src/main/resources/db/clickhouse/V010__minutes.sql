-- When spans of a minute were last written: of an hour that is written to all the time, only the minutes that still
-- change need counting again. Of the last hours alone; older ones are settled as a whole (span_hours).
CREATE TABLE IF NOT EXISTS span_minutes {{cluster}} (
  project LowCardinality(String),
  minute DateTime('UTC'),
  written_at SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
) ENGINE = {{engine:AggregatingMergeTree}}
PARTITION BY toYYYYMMDD(minute)
ORDER BY (project, minute)
TTL minute + INTERVAL 2 DAY
SETTINGS ttl_only_drop_parts = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS span_minutes_written {{cluster}} TO span_minutes AS
SELECT project, toStartOfMinute(ts) AS minute, max(now64(3, 'UTC')) AS written_at
FROM spans WHERE ts >= now() - INTERVAL 1 DAY GROUP BY project, minute;

INSERT INTO span_minutes SELECT project, toStartOfMinute(ts) AS minute, max(now64(3, 'UTC'))
FROM spans WHERE ts >= now() - INTERVAL 1 DAY GROUP BY project, minute;
