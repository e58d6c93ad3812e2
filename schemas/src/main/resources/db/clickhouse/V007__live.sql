-- The live tail asks for what arrived last, whatever the time of the calls themselves.
ALTER TABLE calls {{cluster}} ADD INDEX IF NOT EXISTS by_arrival arrival_time TYPE minmax GRANULARITY 1;
