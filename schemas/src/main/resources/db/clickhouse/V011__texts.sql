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

CREATE MATERIALIZED VIEW IF NOT EXISTS user_texts_written {{cluster}} TO span_texts AS
SELECT project, 'user' AS kind, toDate(ts) AS day, user AS text,
  groupBitOr(bitShiftLeft(toUInt32(1), toHour(ts))) AS hours
FROM spans WHERE user != '' GROUP BY project, day, text;

-- Of what a view of spans has gathered: few rows are left.
CREATE MATERIALIZED VIEW IF NOT EXISTS session_texts_written {{cluster}} TO span_texts AS
SELECT project, 'session' AS kind, toDate(hour) AS day, session AS text,
  groupBitOr(bitShiftLeft(toUInt32(1), toHour(hour))) AS hours
FROM session_traces GROUP BY project, day, text;

CREATE MATERIALIZED VIEW IF NOT EXISTS name_texts_written {{cluster}} TO span_texts AS
SELECT project, 'name' AS kind, toDate(ts) AS day, toString(name) AS text,
  groupBitOr(bitShiftLeft(toUInt32(1), toHour(ts))) AS hours
FROM spans WHERE parent_span_id = toFixedString('', 8) AND name != '' GROUP BY project, day, text;

CREATE MATERIALIZED VIEW IF NOT EXISTS tag_texts_written {{cluster}} TO span_texts AS
SELECT project, 'tags' AS kind, toDate(ts) AS day, attributes['agentops.tags'] AS text,
  groupBitOr(bitShiftLeft(toUInt32(1), toHour(ts))) AS hours
FROM spans WHERE parent_span_id = toFixedString('', 8) AND mapContains(attributes, 'agentops.tags')
GROUP BY project, day, text;

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
