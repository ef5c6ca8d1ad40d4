-- The slot keeps the log that the follower has not read yet, within the bounds of PostgreSQL's
-- settings. One that was given up is made anew; the follower gets the rest from the repository.
SELECT count(pg_drop_replication_slot(slot_name)) FROM pg_replication_slots
WHERE slot_name = 'follower' AND wal_status = 'lost' AND NOT active \g /dev/null
SELECT count(pg_create_physical_replication_slot('follower'))
WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = 'follower') \g /dev/null
