-- What Prometheus is told, in its own form.
\ir backups.sql
SELECT coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false)::int AS failing
FROM pg_stat_archiver \gset
SELECT count(pid) AS streaming, coalesce(max(extract(epoch FROM replay_lag)), 0) AS lag,
       coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)), 0) AS kept
FROM pg_replication_slots LEFT JOIN pg_stat_replication ON pid = active_pid
WHERE slot_name = 'follower' \gset
SELECT extract(epoch FROM now())::bigint AS now \gset
\qecho '# TYPE postgres_keeper_timestamp_seconds gauge'
\qecho postgres_keeper_timestamp_seconds :now
\qecho '# TYPE postgres_backup_timestamp_seconds gauge'
\qecho 'postgres_backup_timestamp_seconds{kind="full"}' :full_at
\qecho 'postgres_backup_timestamp_seconds{kind="any"}' :any_at
\qecho '# TYPE postgres_restore_drill_timestamp_seconds gauge'
\qecho postgres_restore_drill_timestamp_seconds :drill_at
\qecho '# TYPE postgres_restore_drill_duration_seconds gauge'
\qecho postgres_restore_drill_duration_seconds :drill_took
\qecho '# TYPE postgres_archive_failing gauge'
\qecho postgres_archive_failing :failing
\qecho '# TYPE postgres_follower_streaming gauge'
\qecho postgres_follower_streaming :streaming
\qecho '# TYPE postgres_follower_lag_seconds gauge'
\qecho postgres_follower_lag_seconds :lag
\qecho '# TYPE postgres_follower_kept_bytes gauge'
\qecho postgres_follower_kept_bytes :kept
