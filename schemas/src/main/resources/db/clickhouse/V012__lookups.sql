-- Where some traces lie, and which traces name some sessions, is looked up by what rows are not ordered by. One part in
-- ten thousand is found in vain: of a hundred traces one place in a hundred.
ALTER TABLE trace_bounds {{cluster}}
  ADD INDEX IF NOT EXISTS by_low trace_low TYPE bloom_filter(0.0001) GRANULARITY 1;

ALTER TABLE session_traces {{cluster}}
  ADD INDEX IF NOT EXISTS by_low trace_low TYPE bloom_filter(0.0001) GRANULARITY 1,
  ADD INDEX IF NOT EXISTS by_session session_hash TYPE bloom_filter(0.0001) GRANULARITY 1;

-- In the background: until it is done, parts without are read whole as before.
ALTER TABLE trace_bounds {{cluster}} MATERIALIZE INDEX by_low;

ALTER TABLE session_traces {{cluster}} MATERIALIZE INDEX by_low, MATERIALIZE INDEX by_session;
