-- What lists are searched for: users, sessions, names and tags of roots, each once a day with the hours it occurs in.
-- A text that is in none needs no look at spans; one that is in some is looked for in their hours. Kept by views as
-- spans are inserted; a span that is inserted twice changes nothing.
CREATE TABLE IF NOT EXISTS span_texts {{cluster}} (
  project LowCardinality(String),
  -- user, session, name, tags.
  kind LowCardinality(String),
  -- Of ts.
  day Date,
  text String CODEC(ZSTD(1)),
  -- Bit n: in the day's hour n.
  hours SimpleAggregateFunction(groupBitOr, UInt32)
) ENGINE = {{engine:AggregatingMergeTree}}
PARTITION BY toMonday(day)
ORDER BY (project, kind, day, text)
SETTINGS ttl_only_drop_parts = 1;

-- One view: each makes a part of its own at every insert, and those cost more than what is in them.
CREATE MATERIALIZED VIEW IF NOT EXISTS span_texts_written {{cluster}} TO span_texts AS
SELECT project, told.1 AS kind, toDate(ts) AS day, told.2 AS text,
  groupBitOr(bitShiftLeft(toUInt32(1), toHour(ts))) AS hours
FROM spans
ARRAY JOIN arrayFilter(t -> t.2 != '', [
  ('user', user),
  ('session', session),
  ('name', if(parent_span_id = toFixedString('', 8), toString(name), '')),
  ('tags', if(parent_span_id = toFixedString('', 8), attributes['agentops.tags'], ''))]) AS told
GROUP BY project, kind, day, text;

INSERT INTO span_texts SELECT project, 'user', toDate(ts), user, bitShiftLeft(toUInt32(1), toHour(ts))
FROM spans WHERE user != '' SETTINGS max_partitions_per_insert_block = 0, optimize_on_insert = 1;

INSERT INTO span_texts SELECT project, 'session', toDate(hour), session, bitShiftLeft(toUInt32(1), toHour(hour))
FROM session_traces SETTINGS max_partitions_per_insert_block = 0, optimize_on_insert = 1;

INSERT INTO span_texts SELECT project, 'name', toDate(ts), toString(name), bitShiftLeft(toUInt32(1), toHour(ts))
FROM spans WHERE parent_span_id = toFixedString('', 8) AND name != ''
SETTINGS max_partitions_per_insert_block = 0, optimize_on_insert = 1;

-- Values of the map are read only where there is such a key.
INSERT INTO span_texts SELECT project, 'tags', toDate(ts), attributes['agentops.tags'],
  bitShiftLeft(toUInt32(1), toHour(ts))
FROM spans PREWHERE parent_span_id = toFixedString('', 8) AND has(attributes.keys, 'agentops.tags')
SETTINGS max_partitions_per_insert_block = 0, optimize_on_insert = 1;
